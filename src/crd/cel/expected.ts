import type { Token } from './lexer.ts'

const LITERALS = "'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"
/** What may come where an operand must, as ANTLR lists it. */
export const OPERAND = `{'[', '{', '(', '.', '-', '!', ${LITERALS}`
export const OPERAND_AFTER_UNARY = `{'[', '{', '(', '.', '-', ${LITERALS}`
export const FIRST_INDEX = `{'[', '{', '(', '.', '-', '!', '?', ${LITERALS}`
export const FIRST_ARGUMENT = `{'[', '{', '(', ')', '.', '-', '!', ${LITERALS}`
export const FIRST_ELEMENT = `{'[', ']', '{', '(', '.', ',', '-', '!', '?', ${LITERALS}`
export const FIRST_ENTRY = `{'[', '{', '}', '(', '.', ',', '-', '!', '?', ${LITERALS}`

const opening: ReadonlySet<string> = new Set(['[', '{', '(', '.', '-', '!', '?', 'true', 'false', 'null'])

/** Whether an operand may begin with it. */
export const startsOperand = ({ kind, text }: Token): boolean => kind !== 'eof' && (kind !== 'punct' || opening.has(text))
