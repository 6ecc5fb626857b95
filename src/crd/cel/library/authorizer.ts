import { isDns1123Label, isDns1123Subdomain } from '../../../apimachinery/names.ts'
import { actualSize, type Operand } from '../cost-estimate.ts'
import { fixed, LIST_CREATE, STRING_TRAVERSAL, STRUCT_CREATE } from '../cost-range.ts'
import type { Library, Overload } from '../environment.ts'
import { BOOL, type CelType, STRING, structType } from '../types.ts'
import { CelError, CelOpaque, type Value } from '../values.ts'
import { method } from './signature.ts'

/** What an expression asks to be decided. Selectors are as written; empty texts mean none. */
export interface AccessQuestion {
  /** undefined: the user of the request. */
  readonly serviceAccount: { readonly namespace: string; readonly name: string } | undefined
  readonly verb: string
  /** Of a request that is for no resource. */
  readonly path: string | undefined
  readonly group: string
  readonly resource: string
  readonly subresource: string
  readonly namespace: string
  readonly name: string
  readonly fieldSelector: string
  readonly labelSelector: string
}

interface AccessDecision {
  readonly allowed: boolean
  readonly reason: string
  readonly error: string | undefined
}

/** Decides at once: expressions cannot wait. */
export type DecideAccess = (question: AccessQuestion) => AccessDecision

export const AUTHORIZER = structType('kubernetes.authorization.Authorizer')
export const RESOURCE_CHECK = structType('kubernetes.authorization.ResourceCheck')
const PATH_CHECK = structType('kubernetes.authorization.PathCheck')
const GROUP_CHECK = structType('kubernetes.authorization.GroupCheck')
const DECISION = structType('kubernetes.authorization.Decision')

/** A question that is being put together, or (of type Authorizer) has just begun. */
class Check extends CelOpaque {
  readonly type: CelType
  readonly decide: DecideAccess
  readonly question: AccessQuestion
  constructor(type: CelType, decide: DecideAccess, question: AccessQuestion) {
    super()
    this.type = type
    this.decide = decide
    this.question = question
  }
  equals(other: CelOpaque): boolean {
    return this === other
  }
  with(type: CelType, more: Partial<AccessQuestion>): Check {
    return new Check(type, this.decide, { ...this.question, ...more })
  }
}

class Decision extends CelOpaque {
  readonly type = DECISION
  readonly decision: AccessDecision
  constructor(decision: AccessDecision) {
    super()
    this.decision = decision
  }
  equals(other: CelOpaque): boolean {
    return this === other
  }
}

const NOTHING: AccessQuestion = {
  serviceAccount: undefined,
  verb: '',
  path: undefined,
  group: '',
  resource: '',
  subresource: '',
  namespace: '',
  name: '',
  fieldSelector: '',
  labelSelector: '',
}

/** The variable `authorizer`. */
export const authorizerValue = (decide: DecideAccess): CelOpaque => new Check(AUTHORIZER, decide, NOTHING)

/** The variable `authorizer.requestResource`. */
export const requestResourceValue = (
  decide: DecideAccess,
  resource: Pick<AccessQuestion, 'group' | 'resource' | 'subresource' | 'namespace' | 'name'>,
): CelOpaque => new Check(RESOURCE_CHECK, decide, { ...NOTHING, ...resource })

function nonBlank(text: string, what: string): string {
  if (text.trim() === '') throw new CelError(`${what} must not be empty`)
  return text
}

function serviceAccount(check: Check, namespace: string, name: string): Check {
  if (isDns1123Subdomain(name).length > 0) throw new CelError('Invalid service account name')
  if (isDns1123Label(namespace).length > 0) throw new CelError('Invalid service account namespace')
  return check.with(AUTHORIZER, { serviceAccount: { namespace, name } })
}

const ask = (check: Check, verb: string): Decision => new Decision(check.decide({ ...check.question, verb }))

const CHECK_COST = 350_000
const checking: Pick<Overload, 'cost' | 'estimate'> = { cost: () => CHECK_COST, estimate: () => ({ cost: fixed(CHECK_COST) }) }

/** Reading a selector makes a requirement for every two characters, at worst. */
const selectorCost = (length: number): number => {
  const requirements = Math.ceil(length * 0.5)
  return LIST_CREATE + Math.ceil(length * STRING_TRAVERSAL) + requirements * (LIST_CREATE + STRUCT_CREATE)
}
const selecting: Pick<Overload, 'cost' | 'estimate'> = {
  cost: (args: readonly Value[]) => selectorCost(actualSize(args[1] as Value)),
  estimate: (operands, sizes) => {
    const size = sizes.of(operands[1] as Operand)
    return { cost: { min: selectorCost(size.min), max: selectorCost(size.max) } }
  },
}

const narrowing = (id: string, field: keyof AccessQuestion, costs: Pick<Overload, 'cost' | 'estimate'> = {}): Overload[] => [
  method(
    id,
    [RESOURCE_CHECK, STRING],
    RESOURCE_CHECK,
    (check: Check, value: string) => check.with(RESOURCE_CHECK, { [field]: value }),
    costs,
  ),
]

/** Kubernetes' authorizer: authorizer.group('').resource('pods').namespace('x').check('get').allowed(). */
export const authorizer: Library = {
  types: [AUTHORIZER, PATH_CHECK, GROUP_CHECK, RESOURCE_CHECK, DECISION],
  functions: {
    path: [
      method('authorizer_path', [AUTHORIZER, STRING], PATH_CHECK, (check: Check, path: string) => {
        return check.with(PATH_CHECK, { path: nonBlank(path, 'path') })
      }),
    ],
    group: [
      method('authorizer_group', [AUTHORIZER, STRING], GROUP_CHECK, (check: Check, group: string) =>
        check.with(GROUP_CHECK, { group }),
      ),
    ],
    serviceAccount: [method('authorizer_serviceaccount', [AUTHORIZER, STRING, STRING], AUTHORIZER, serviceAccount)],
    resource: [
      method('groupcheck_resource', [GROUP_CHECK, STRING], RESOURCE_CHECK, (check: Check, resource: string) => {
        return check.with(RESOURCE_CHECK, { resource: nonBlank(resource, 'resource') })
      }),
    ],
    subresource: narrowing('resourcecheck_subresource', 'subresource'),
    namespace: narrowing('resourcecheck_namespace', 'namespace'),
    name: narrowing('resourcecheck_name', 'name'),
    fieldSelector: narrowing('authorizer_fieldselector', 'fieldSelector', selecting),
    labelSelector: narrowing('authorizer_labelselector', 'labelSelector', selecting),
    check: [
      method('pathcheck_check', [PATH_CHECK, STRING], DECISION, ask, checking),
      method('resourcecheck_check', [RESOURCE_CHECK, STRING], DECISION, ask, checking),
    ],
    errored: [method('decision_errored', [DECISION], BOOL, ({ decision }: Decision) => decision.error !== undefined)],
    error: [method('decision_error', [DECISION], STRING, ({ decision }: Decision) => decision.error ?? '')],
    allowed: [method('decision_allowed', [DECISION], BOOL, ({ decision }: Decision) => decision.allowed)],
    reason: [method('decision_reason', [DECISION], STRING, ({ decision }: Decision) => decision.reason)],
  },
}
