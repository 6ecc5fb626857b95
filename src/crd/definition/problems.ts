import { atOnce } from '../../apimachinery/steps.ts'
import { defaultDefinition } from './defaults.ts'
import type { CustomResourceDefinition } from './definition.ts'
import { definitionErrors } from './errors.ts'
import { prepareCreate } from './lifecycle.ts'

/** What an API server would refuse in a new definition, a line each: for tools that judge definitions without one. */
export function definitionProblems(definition: CustomResourceDefinition): string[] {
  return atOnce(definitionErrors(prepareCreate(defaultDefinition(definition)))).map((e) => `${e.field}: ${e.message}`)
}
