// include, tpl and what else Helm adds to a template engine.

import { quote } from '../../apimachinery/go-quote.ts'
import type { Implementation } from '../gotemplate/function-table.ts'
import { FunctionError } from '../gotemplate/run.ts'
import { ROOT, TemplateSet } from '../gotemplate/template-set.ts'
import { TemplateParseError } from '../gotemplate/tokens.ts'
import type { Value } from '../gotemplate/value.ts'
import type { HostRun } from './host.ts'

const MAX_INCLUDES = 1000
/** Around a chart author's own words in an error, so that they can be shown alone. */
export const WARN_START = 'HELM_ERR_START'
export const WARN_END = 'HELM_ERR_END'
const chartError = (message: string) => new FunctionError(WARN_START + message + WARN_END)

function include(run: HostRun, name: string, data: Value): Value {
  const { included, memo } = run.shared
  const depth = included.get(name)
  if (depth !== undefined && depth > MAX_INCLUDES) {
    throw new FunctionError(`rendering template has a nested reference name: ${name}: unable to execute template`)
  }
  included.set(name, (depth ?? 0) + 1)
  try {
    const context = run.set.parent === undefined ? data : undefined
    return memo.text(name, context, () => run.set.execute(name, data === null ? undefined : data, run.shared))
  } finally {
    included.set(name, (included.get(name) ?? 1) - 1)
  }
}

function tpl(run: HostRun, text: string, data: Value): Value {
  const set = new TemplateSet(run.set.functions, run.set)
  if (!text.includes('{{')) return text.replaceAll('<no value>', '')
  try {
    set.add(ROOT, text)
  } catch (e) {
    if (e instanceof TemplateParseError) throw new FunctionError(`cannot parse template ${quote(text)}: ${e.message}`, e)
    throw e
  }
  if (!set.lookup(ROOT)) return ''
  try {
    return set.execute(ROOT, data === null ? undefined : data, run.shared).replaceAll('<no value>', '')
  } catch (e) {
    if (e instanceof Error && e.name === 'ExecError')
      throw new FunctionError(`error during tpl function execution for ${quote(text)}: ${e.message}`, e)
    throw e
  }
}

function required(run: HostRun, message: string, v: Value): Value {
  if (v !== null && v !== undefined && v !== '') return v
  if (!run.shared.host.lint) throw chartError(message)
  run.shared.host.warn(`missing required value: ${message}`)
  return ''
}

function fail(run: HostRun, message: string): Value {
  if (!run.shared.host.lint) throw chartError(message)
  run.shared.host.warn(`a template fails: ${message}`)
  return ''
}

export const helm: { readonly [name: string]: Implementation } = {
  include,
  tpl,
  required,
  fail,
  lookup: (run: HostRun, apiVersion: string, kind: string, namespace: string, name: string) =>
    run.shared.host.lookup(apiVersion, kind, namespace, name),
  getHostByName: (run: HostRun, name: string) => run.shared.host.hostByName(name),
}
