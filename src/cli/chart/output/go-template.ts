// --template of version and `get all`: a template of Go's with its own functions only.
import { BUILTIN_SIGNATURES, BUILTINS } from '../../../helmlike/gotemplate/builtins.ts'
import { FunctionTable } from '../../../helmlike/gotemplate/function-table.ts'
import { IncludeMemo } from '../../../helmlike/gotemplate/include-memo.ts'
import { DEFAULT_LIMITS } from '../../../helmlike/gotemplate/run.ts'
import { TemplateSet } from '../../../helmlike/gotemplate/template-set.ts'
import type { Value } from '../../../helmlike/gotemplate/value.ts'

/** What the template makes of `data`. Throws ExecError or TemplateParseError in Go's words. */
export function executed(template: string, data: Value): string {
  const functions = new FunctionTable({ builtins: BUILTIN_SIGNATURES })
  functions.provide(BUILTINS)
  const set = new TemplateSet(functions)
  set.add('_', template)
  const memo = new IncludeMemo()
  return set.execute('_', data, { steps: 0, limits: DEFAULT_LIMITS, strict: false, host: undefined, included: new Map(), memo })
}
