// What is wrong with a policy's expressions for the kinds that it looks at, as kube-controller-manager's type checker tells it.
import type { ExpressionWarning, ValidatingAdmissionPolicy, Variable } from '../apimachinery/kinds.generated.ts'
import type { Steps } from '../apimachinery/steps.ts'
import { declaredTypes, NAMESPACE, REQUEST } from '../crd/cel/admission-types.ts'
import { type Environment, extend, type StructTypes } from '../crd/cel/environment.ts'
import { KUBERNETES_ENVIRONMENT } from '../crd/cel/libraries.ts'
import { AUTHORIZER } from '../crd/cel/library/authorizer.ts'
import { compileExpressionSteps } from '../crd/cel/program.ts'
import { CompileError } from '../crd/cel/source.ts'
import { type CelType, DYN, structType } from '../crd/cel/types.ts'
import { inlined } from '../crd/schema/inline.ts'
import type { JsonSchema } from '../crd/schema/json-schema.ts'
import { nodeOf } from '../crd/schema/node.ts'
import { declarationOf, structTypesOf } from '../crd/schema/rules/declaration.ts'

/** What expressions know of the objects of one kind. */
export interface CheckedKind {
  /** `apps/v1, Kind=Deployment` */
  readonly name: string
  readonly type: CelType
  readonly structs: StructTypes
}

const noStructs: StructTypes = { find: () => undefined, field: () => undefined }

/** A kind by its schema; no expression can say `typeName`, which is told in messages. */
export function checkedKind(
  name: string,
  typeName: string,
  schema: JsonSchema,
  refs: (ref: string) => JsonSchema | undefined,
): CheckedKind {
  const declaration = declarationOf(nodeOf(inlined(schema, refs)), true, typeName)
  return declaration
    ? { name, type: declaration.type, structs: structTypesOf(declaration) }
    : { name, type: DYN, structs: noStructs }
}

/** One warning an expression, of all kinds for which it does not compile. `params`: undefined when the policy has none. */
export function* typeWarnings(
  policy: ValidatingAdmissionPolicy,
  kinds: readonly CheckedKind[],
  params: CheckedKind | undefined,
): Steps<ExpressionWarning[]> {
  const { validations = [], variables = [], paramKind } = policy.spec ?? {}
  const environments: [CheckedKind, Environment][] = []
  for (const kind of kinds) {
    environments.push([kind, yield* environmentFor(kind, paramKind && params, paramKind !== undefined, variables)])
  }
  const warnings: ExpressionWarning[] = []
  for (const [i, { expression, messageExpression }] of validations.entries()) {
    for (const [name, source] of Object.entries({ expression, messageExpression })) {
      const warning = source ? yield* warningOf(source, environments) : ''
      if (warning !== '') warnings.push({ fieldRef: `spec.validations[${i}].${name}`, warning })
    }
  }
  return warnings
}

/** What is wrong with an expression for each kind; '': nothing. */
function* warningOf(source: string, environments: readonly [CheckedKind, Environment][]): Steps<string> {
  const texts: string[] = []
  for (const [kind, environment] of environments) {
    const problem = yield* problemOf(source, environment)
    if (problem !== undefined) texts.push(`${kind.name}: ${problem}\n`)
    yield
  }
  return texts.join('\n')
}

const VARIABLES = structType('kubernetes.variables')

function* environmentFor(
  kind: CheckedKind,
  params: CheckedKind | undefined,
  hasParams: boolean,
  variables: readonly Variable[],
): Steps<Environment> {
  const known = new Map<string, CelType>()
  const sources = [declaredTypes, kind.structs, params?.structs ?? noStructs]
  const find = (name: string) => sources.map((s) => s.find(name)).find((t) => t !== undefined)
  const structs: StructTypes = {
    find: (name) => (name === VARIABLES.name ? VARIABLES : find(name)),
    field: (name, field) => (name === VARIABLES.name ? known.get(field) : sources.find((s) => s.find(name))?.field(name, field)),
  }
  const environment = extend(KUBERNETES_ENVIRONMENT, {
    structs,
    variables: {
      object: kind.type,
      oldObject: kind.type,
      request: REQUEST,
      namespaceObject: NAMESPACE,
      authorizer: AUTHORIZER,
      variables: VARIABLES,
      ...(hasParams ? { params: params?.type ?? DYN } : {}),
    },
  })
  for (const { name, expression } of variables) known.set(name, yield* typeOf(expression, environment))
  return environment
}

/** A variable that does not compile may be anything. */
function* typeOf(expression: string, environment: Environment): Steps<CelType> {
  try {
    return (yield* compileExpressionSteps(expression, environment)).type
  } catch (error) {
    if (error instanceof CompileError) return DYN
    throw error
  }
}

function* problemOf(expression: string, environment: Environment): Steps<string | undefined> {
  try {
    yield* compileExpressionSteps(expression, environment)
    return undefined
  } catch (error) {
    if (error instanceof CompileError) return error.message
    throw error
  }
}
