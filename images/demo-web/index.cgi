#!/bin/sh
version=$(cat /www/version)
name=$(hostname)
case "$HTTP_ACCEPT" in
*text/html*)
  printf 'Content-Type: text/html; charset=utf-8\r\n\r\n'
  cat <<PAGE
<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>demo-web $version</title>
<style>body{font:1.2rem system-ui;margin:20vh auto;max-width:32rem;text-align:center}b{font-size:2.4rem;display:block}</style>
<b>Hello from Slipway</b><p>version $version, answered by pod <code>$name</code></p></html>
PAGE
  ;;
*)
  printf 'Content-Type: text/plain; charset=utf-8\r\n\r\n'
  echo "Hello from $name, version $version"
  ;;
esac
