// --password-stdin.
import { readFileSync } from 'node:fs'

/** What standard input holds, without the end of its line. */
export const passwordFromInput = (): string => readFileSync(0, 'utf8').replace(/\r?\n$/, '')
