import { RE2JS, RE2Set } from 're2js'
import { CelError } from '../values.ts'

const MOST_KEPT = 500
const compiled = new Map<string, RE2JS>()

/** An RE2 pattern, compiled once. Throws CelError with Go's message when it is none. */
export function pattern(source: string): RE2JS {
  let regex = compiled.get(source)
  if (regex === undefined) {
    try {
      regex = RE2JS.compile(source)
    } catch (error) {
      throw new CelError((error as Error).message.replace(/(trailing backslash at end of expression)$/, '$1: ``'))
    }
    if (compiled.size >= MOST_KEPT) compiled.delete(compiled.keys().next().value as string)
    compiled.set(source, regex)
  }
  return regex
}

/** So many letters are worth a DFA of their own. */
const longText = 65_536
const automata = new WeakMap<RE2JS, RE2Set>()

/** Whether `regex` matches anywhere in `text`: not to ask where takes a tenth of the time. */
export function isMatch(regex: RE2JS, text: string): boolean {
  if (text.length < longText) return regex.test(text)
  // A set has nothing but the DFA, where a pattern of its own would rather walk one way at a time, four times as slowly.
  let automaton = automata.get(regex)
  if (automaton === undefined) {
    automaton = new RE2Set()
    automaton.add(regex.pattern())
    automata.set(regex, automaton)
  }
  return automaton.match(text).length > 0
}

/** Whether `source` matches anywhere in `text`. */
export function matchesPattern(text: string, source: string): boolean {
  return isMatch(pattern(source), text)
}
