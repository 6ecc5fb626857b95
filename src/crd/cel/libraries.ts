import type { Library } from './environment.ts'
import { conversions } from './library/conversions.ts'
import { operators } from './library/operators.ts'
import { optionals } from './library/optionals.ts'
import { standard } from './library/standard.ts'
import { strings } from './library/strings.ts'
import { twoVariables } from './library/two-variables.ts'

/** The language itself. */
export const LANGUAGE: readonly Library[] = [operators, conversions, standard, optionals, strings, twoVariables]
