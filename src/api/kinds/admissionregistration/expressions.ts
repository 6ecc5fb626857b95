import { invalid } from '../../../apimachinery/field-error.ts'
import type { MutatingAdmissionPolicy, ValidatingAdmissionPolicy } from '../../../apimachinery/kinds.generated.ts'
import { atOnce, type Steps } from '../../../apimachinery/steps.ts'
import { KUBERNETES_ENVIRONMENT, MUTATION_ENVIRONMENT } from '../../../crd/cel/libraries.ts'
import { type Expression, Scope } from '../../admission/policy/expressions.ts'
import { mutationTypes } from '../../admission/policy/made-objects.ts'
import type { Errors } from '../errors.ts'

/** What the match conditions of webhooks may use. */
export const webhookScope = atOnce(Scope.of({ environment: KUBERNETES_ENVIRONMENT, hasParams: false }))
const paramsScope = atOnce(Scope.of({ environment: KUBERNETES_ENVIRONMENT, hasParams: true }))

/** What the match conditions of a policy may use: no variables, unlike its other expressions. */
export const conditionScope = ({ spec }: ValidatingAdmissionPolicy | MutatingAdmissionPolicy): Scope =>
  spec?.paramKind ? paramsScope : webhookScope

export const validationScope = ({ spec }: ValidatingAdmissionPolicy): Steps<Scope> =>
  Scope.of({
    environment: KUBERNETES_ENVIRONMENT,
    hasParams: spec?.paramKind !== undefined,
    variables: spec?.variables ?? [],
  })

export const mutationScope = ({ spec }: MutatingAdmissionPolicy): Steps<Scope> =>
  Scope.of({
    environment: KUBERNETES_ENVIRONMENT,
    hasParams: spec?.paramKind !== undefined,
    variables: spec?.variables ?? [],
    mutation: { environment: MUTATION_ENVIRONMENT, structs: mutationTypes },
  })

/** An error at `at` when the expression does not compile or is of another type. */
export function checkExpression({ source, error, isInternal }: Expression, at: string, errors: Errors): void {
  if (error === undefined) return
  if (isInternal) errors.push({ type: 'InternalError', field: at, message: `Internal error: ${error}` })
  else errors.push(invalid(at, source, error))
}
