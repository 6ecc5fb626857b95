plain
text
