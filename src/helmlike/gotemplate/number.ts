// Number constants: which of int, uint, float and complex a literal can be, as Go's ideal constants.

import { parseGoInt } from '../../apimachinery/go-int.ts'
import type { NumberNode } from './nodes.ts'
import { UnquoteError, unquote } from './quote.ts'

export class NumberSyntaxError extends Error {}

type Parsed = Pick<NumberNode, 'int' | 'uint' | 'float' | 'complex'>
const MAX_INT = 2n ** 63n - 1n
const MAX_UINT = 2n ** 64n - 1n

/** Parses a char constant. */
export function parseChar(text: string): Parsed {
  let s: string
  try {
    s = unquote(text)
  } catch (e) {
    if (!(e instanceof UnquoteError)) throw e
    throw new NumberSyntaxError(`malformed character constant: ${text}`)
  }
  if ([...s].length !== 1) throw new NumberSyntaxError(`malformed character constant: ${text}`)
  const c = s.codePointAt(0) as number
  const code = c >= 0xdc80 && c <= 0xdcff ? c - 0xdc00 : c
  return { int: BigInt(code), uint: BigInt(code), float: code, complex: undefined }
}

/** strconv.ParseFloat with prefixes and underscores; undefined where it is none. */
export function parseGoFloat(text: string): number | undefined {
  const s = text.replaceAll('_', '')
  if (/^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/.test(s)) return Number(s)
  const hex = /^([+-]?)0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)[pP]([+-]?[0-9]+)$/.exec(s)
  if (!hex || `${hex[2]}${hex[3]}` === '') return undefined
  const mantissa = Number.parseInt(`${hex[2]}${hex[3]}`, 16)
  const v = mantissa * 2 ** (Number(hex[4]) - 4 * (hex[3] as string).length)
  return hex[1] === '-' ? -v : v
}

/** Parses a number or complex literal. */
export function parseNumber(text: string): Parsed {
  if (text.endsWith('i')) return simplify(parseComplex(text), text)
  let int = parseGoInt(text)
  let uint = int !== undefined && !text.startsWith('-') && !text.startsWith('+') && int <= MAX_UINT ? int : undefined
  if (int !== undefined && (int > MAX_INT || int < -MAX_INT - 1n)) int = undefined
  let float: number | undefined
  if (int !== undefined) float = Number(int)
  else if (uint !== undefined) float = Number(uint)
  else {
    float = parseGoFloat(text)
    if (float !== undefined) {
      if (!/[.eEpP]/.test(text)) throw new NumberSyntaxError(`integer overflow: "${text}"`)
      if (Number.isInteger(float) && Math.abs(float) <= 2 ** 63) int = BigInt(float)
      if (Number.isInteger(float) && float >= 0) uint = BigInt(float)
    }
  }
  if (int === undefined && uint === undefined && float === undefined)
    throw new NumberSyntaxError(`illegal number syntax: "${text}"`)
  return { int, uint, float, complex: undefined }
}

function parseComplex(text: string): { re: number; im: number } {
  const body = text.slice(0, -1)
  const split = Math.max(body.lastIndexOf('+', body.length - 1), body.lastIndexOf('-', body.length - 1))
  const exponent = split > 0 && /[eEpP]/.test(body[split - 1] as string)
  const re = split > 0 && !exponent ? parseGoFloat(body.slice(0, split)) : 0
  const im = parseGoFloat(split > 0 && !exponent ? body.slice(split) : body)
  if (re === undefined || im === undefined) throw new NumberSyntaxError(`illegal number syntax: "${text}"`)
  return { re, im }
}

function simplify(complex: { re: number; im: number }, _text: string): Parsed {
  if (complex.im !== 0) return { int: undefined, uint: undefined, float: undefined, complex }
  const whole = Number.isInteger(complex.re)
  return {
    int: whole ? BigInt(complex.re) : undefined,
    uint: whole && complex.re >= 0 ? BigInt(complex.re) : undefined,
    float: complex.re,
    complex,
  }
}
