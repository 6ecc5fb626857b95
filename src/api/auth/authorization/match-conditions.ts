import { ConfigError } from '../../../apimachinery/config-shape.ts'
import type { SubjectAccessReviewSpec } from '../../../apimachinery/kinds.generated.ts'
import { ACCESS_REVIEW, declaredTypes, typed } from '../../../crd/cel/admission-types.ts'
import { extend } from '../../../crd/cel/environment.ts'
import { KUBERNETES_ENVIRONMENT } from '../../../crd/cel/libraries.ts'
import { BOOL } from '../../../crd/cel/types.ts'
import { compiledExpression, type Expression } from '../expression.ts'

const environment = extend(KUBERNETES_ENVIRONMENT, { variables: { request: ACCESS_REVIEW }, structs: declaredTypes })

export type MatchCondition = Expression<SubjectAccessReviewSpec>

const mostConditions = 64

/** Throws ConfigError, worded as kube-apiserver does. */
export function compileMatchConditions(sources: readonly string[], at: string): MatchCondition[] {
  if (sources.length > mostConditions)
    throw new ConfigError(at, `Too many: ${sources.length}: must have at most ${mostConditions} items`)
  return sources.map((source, i) => {
    const place = `${at}[${i}].expression`
    if (source.trim() === '') throw new ConfigError(place, 'Required value')
    if (sources.indexOf(source) < i) throw new ConfigError(place, `Duplicate value: ${JSON.stringify(source)}`)
    return compiledExpression(environment, source, place, [BOOL], (spec) => ({ request: typed(shown(spec), ACCESS_REVIEW) }))
  })
}

type Match = { readonly matches: boolean; readonly error?: undefined } | { readonly error: string }

/** Whether the webhook is to be asked: one condition that is false says no; else one that cannot be evaluated is an error. Pure. */
export function matchOf(conditions: readonly MatchCondition[], spec: SubjectAccessReviewSpec): Match {
  const errors: string[] = []
  for (const condition of conditions) {
    try {
      if (condition.evaluate(spec) === false) return { matches: false }
    } catch (error) {
      errors.push(`cel evaluation error: ${(error as Error).message}`)
    }
  }
  if (errors.length === 0) return { matches: true }
  return { error: errors.length === 1 ? (errors[0] as string) : `[${errors.join(', ')}]` }
}

/** Expressions see texts that are empty, too. */
function shown(spec: SubjectAccessReviewSpec): object {
  const { user = '', groups = [], uid = '', extra = {}, resourceAttributes: r, nonResourceAttributes: path } = spec
  const texts = { namespace: '', verb: '', group: '', version: '', resource: '', subresource: '', name: '' }
  return {
    user,
    groups,
    uid,
    extra,
    ...(r ? { resourceAttributes: { ...texts, ...r } } : {}),
    ...(path ? { nonResourceAttributes: { path: '', verb: '', ...path } } : {}),
  }
}
