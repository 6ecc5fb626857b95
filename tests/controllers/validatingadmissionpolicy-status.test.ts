import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { ValidatingAdmissionPolicy } from '../../src/apimachinery/kinds.generated.ts'
import type { KubeObject } from '../../src/apimachinery/object.ts'
import { customresourcedefinitions, validatingadmissionpolicies } from '../../src/apimachinery/resources.generated.ts'
import { resourcesToCheck } from '../../src/controllers/validatingadmissionpolicy-status.ts'
import { startTestServer, type TestServer } from '../../src/testkit/test-server.ts'

/** Policies, and what kube-controller-manager 1.36.3 said of them. */
interface Recorded {
  readonly definition: KubeObject
  readonly cases: readonly { readonly policy: ValidatingAdmissionPolicy; readonly typeChecking: object }[]
}
const recorded = JSON.parse(
  readFileSync(new URL('../data/controllers/policy-type-checks.json', import.meta.url), 'utf8'),
) as Recorded

const test = suite('status of validating admission policies')
let server: TestServer
test.before(async () => {
  server = await startTestServer({ controllers: ['validatingadmissionpolicy-status-controller'] })
  const definition = await server.client.create(customresourcedefinitions, recorded.definition as never)
  await server.eventually(async () => {
    const { status } = await server.client.get(customresourcedefinitions, definition.metadata.name ?? '')
    return status?.conditions?.some((c) => c.type === 'Established' && c.status === 'True')
  })
})
test.after(() => server.stop())

/** Types are named after the kind and a number of the moment. */
const withoutNumbers = (value: unknown): unknown => JSON.parse(JSON.stringify(value).replace(/(Deployment)\d+/g, '$1N'))

for (const { policy, typeChecking } of recorded.cases) {
  const texts = policy.spec?.validations?.map((v) => v.expression).join('; ') ?? ''
  test(`what does not fit is told: ${texts.slice(0, 60)}`, async () => {
    await server.client.create(validatingadmissionpolicies, policy)
    const status = await server.eventually(async () => {
      const { status } = await server.client.get(validatingadmissionpolicies, policy.metadata.name ?? '')
      return status?.observedGeneration === 1 ? status : undefined
    })
    assert.equal(withoutNumbers(status.typeChecking ?? null), withoutNumbers(typeChecking))
  })
}

test('a rule with a wildcard among its groups or versions names nothing to check', () => {
  const policy = (apiGroups: string[], resources: string[]): ValidatingAdmissionPolicy => ({
    metadata: { name: 'p' },
    spec: { matchConstraints: { resourceRules: [{ apiGroups, apiVersions: ['v1'], operations: ['*'], resources }] } },
  })
  assert.equal(resourcesToCheck(policy(['*'], ['pods'])), [[]])
  assert.equal(resourcesToCheck(policy([''], ['pods/status', 'pods', '*'])), [[{ group: '', version: 'v1', resource: 'pods' }]])
})

test.run()
