import type { Operator } from '../../operators/operator.ts'
import { loadUserModule } from './user-module.ts'

/** The operators that a module exports: as default, by name, or in a list. Throws Error when there is none. */
export async function operatorsIn(file: string): Promise<Operator[]> {
  const found = operatorsOf(await loadUserModule(file))
  if (found.length === 0) throw new Error(`${file} exports no operator: export default defineOperator({ … })`)
  return found
}

/** The operators among what a module exports, each once. */
export function operatorsOf(module: Readonly<Record<string, unknown>>): Operator[] {
  return [...new Set(Object.values(module).flat().filter(isOperator))]
}

function isOperator(value: unknown): value is Operator {
  const { name, definition } = (value ?? {}) as Partial<Operator>
  return typeof name === 'string' && typeof definition?.reconcile === 'function' && typeof definition.for?.kind === 'string'
}
