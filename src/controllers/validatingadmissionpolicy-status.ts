// Tells in a policy's status which of its expressions do not fit the kinds that it looks at.
import type { ValidatingAdmissionPolicy } from '../apimachinery/kinds.generated.ts'
import { apiVersionOf } from '../apimachinery/resource.ts'
import { validatingadmissionpolicies } from '../apimachinery/resources.generated.ts'
import { inTurns } from '../apimachinery/steps.ts'
import { OpenApiDocuments } from '../client/openapi-documents.ts'
import { RestMapper } from '../client/rest-mapper.ts'
import type { JsonSchema } from '../crd/schema/json-schema.ts'
import { defineController } from '../operators/controller.ts'
import { type CheckedKind, checkedKind, typeWarnings } from './policy-type-check.ts'

const name = 'validatingadmissionpolicy-status-controller'
const mostOfOneRule = 10

interface Gvr {
  readonly group: string
  readonly version: string
  readonly resource: string
}

/** The resources that are looked at, a list a rule; a rule with wildcards names none. */
export function resourcesToCheck(policy: ValidatingAdmissionPolicy): Gvr[][] {
  return (policy.spec?.matchConstraints?.resourceRules ?? []).map(({ apiGroups = [], apiVersions = [], resources = [] }) => {
    if ([...apiGroups, ...apiVersions].some((text) => text.includes('*'))) return []
    const plain = resources.filter((resource) => !/[*/]/.test(resource))
    return apiGroups
      .toSorted()
      .flatMap((group) =>
        apiVersions.toSorted().flatMap((version) => plain.toSorted().map((resource) => ({ group, version, resource }))),
      )
  })
}

interface Kind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

class Schemas {
  readonly #mapper: RestMapper
  readonly #documents: OpenApiDocuments<JsonSchema>
  constructor(mapper: RestMapper, documents: OpenApiDocuments<JsonSchema>) {
    this.#mapper = mapper
    this.#documents = documents
  }

  /** The kinds that a policy looks at, by group, version and kind. */
  async kindsOf(policy: ValidatingAdmissionPolicy): Promise<CheckedKind[]> {
    const found = new Map<string, Kind>()
    for (const rule of resourcesToCheck(policy)) {
      let count = 0
      for (const { group, version, resource } of rule) {
        const served = await this.#mapper.resourceNamed(apiVersionOf({ group, version }), resource)
        if (!served || count === mostOfOneRule) continue
        count++
        found.set(`${group}\n${version}\n${served.kind}`, { group, version, kind: served.kind })
      }
    }
    const sorted = [...found.keys()].toSorted().map((key) => found.get(key) as Kind)
    const kinds = await Promise.all(sorted.map((kind, i) => this.of(kind, `${kind.kind}${i}`)))
    return kinds.filter((kind) => kind !== undefined)
  }

  async of({ group, version, kind }: Kind, typeName: string): Promise<CheckedKind | undefined> {
    const published = await this.#documents.schemaOf({ group, version, kind })
    return published && checkedKind(`${group}/${version}, Kind=${kind}`, typeName, published.schema, published.refs)
  }
}

export const validatingAdmissionPolicyStatusController = defineController<ValidatingAdmissionPolicy>({
  name,
  for: validatingadmissionpolicies,
  async reconcile(policy, { client }) {
    const { generation = 0, name: policyName = '' } = policy.metadata
    if (generation <= (policy.status?.observedGeneration ?? 0)) return undefined
    // What is served and how it looks may be another thing at the next change of a policy.
    const schemas = new Schemas(new RestMapper(client), new OpenApiDocuments(client))
    const { apiVersion = '', kind = '' } = policy.spec?.paramKind ?? {}
    const [group = '', version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion]
    const params = policy.spec?.paramKind && (await schemas.of({ group, version, kind }, `${kind}Params`))
    const expressionWarnings = await inTurns(typeWarnings(policy, await schemas.kindsOf(policy), params))
    await client.apply(
      validatingadmissionpolicies,
      {
        metadata: { name: policyName },
        status: {
          observedGeneration: generation,
          typeChecking: expressionWarnings.length > 0 ? { expressionWarnings } : {},
        },
      },
      { fieldManager: name, force: true, subresource: 'status' },
    )
    return undefined
  },
})
