import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  validateMutatingAdmissionPolicy,
  validateValidatingAdmissionPolicy,
} from '../../../../src/api/kinds/admissionregistration/policy-validation.ts'
import type { MutatingAdmissionPolicy, ValidatingAdmissionPolicy } from '../../../../src/apimachinery/kinds.generated.ts'
import { atOnce } from '../../../../src/apimachinery/steps.ts'

const matchConstraints = {
  matchPolicy: 'Exact',
  namespaceSelector: {},
  objectSelector: {},
  resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['CREATE'] }],
}

const fieldsOf = (spec: object): string[] => {
  const policy = {
    metadata: { name: 'p' },
    spec: { failurePolicy: 'Fail', matchConstraints, validations: [{ expression: 'true' }], ...spec },
  }
  return atOnce(validateValidatingAdmissionPolicy(policy as ValidatingAdmissionPolicy)).map(({ field }) => field)
}

test('an expression must compile and be of the type that its place wants', () => {
  assert.equal(fieldsOf({ validations: [{ expression: 'object.a == 1', messageExpression: '"no"' }] }), [])
  assert.equal(fieldsOf({ validations: [{ expression: '1 + 1', messageExpression: '5' }] }), [
    'spec.validations[0].expression',
    'spec.validations[0].messageExpression',
  ])
  assert.equal(fieldsOf({ auditAnnotations: [{ key: 'k', valueExpression: '5' }] }), ['spec.auditAnnotations[0].valueExpression'])
})

test('params need a paramKind, variables come before their use, and messages and conditions see less', () => {
  const usesParams = { validations: [{ expression: 'params.x == 1' }] }
  assert.equal(fieldsOf(usesParams), ['spec.validations[0].expression'])
  assert.equal(fieldsOf({ ...usesParams, paramKind: { apiVersion: 'v1', kind: 'ConfigMap' } }), [])
  const a = { name: 'a', expression: '1' }
  const b = { name: 'b', expression: 'variables.a + 1' }
  assert.equal(fieldsOf({ variables: [a, b] }), [])
  assert.equal(fieldsOf({ variables: [b, a] }), ['spec.variables[0].expression'])
  assert.equal(fieldsOf({ variables: [a], matchConditions: [{ name: 'c', expression: 'variables.a == 1' }] }), [
    'spec.matchConditions[0].expression',
  ])
  const asks = 'string(authorizer.group("").resource("pods").check("get").allowed())'
  assert.equal(fieldsOf({ validations: [{ expression: `${asks} == "x"`, messageExpression: asks }] }), [
    'spec.validations[0].messageExpression',
  ])
})

test('a mutation makes what its patch type says', () => {
  const policy = (expression: string) =>
    ({
      metadata: { name: 'p' },
      spec: {
        failurePolicy: 'Fail',
        matchConstraints,
        reinvocationPolicy: 'Never',
        mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression } }],
      },
    }) as MutatingAdmissionPolicy
  const told = (expression: string) => atOnce(validateMutatingAdmissionPolicy(policy(expression)))
  assert.equal(told('Object{metadata: Object.metadata{labels: {"a": "b"}}}'), [])
  assert.equal(
    told('"x"').map(({ field }) => field),
    ['spec.mutations[0].applyConfiguration.expression'],
  )
})

test('variables of a mutating policy make nothing; its mutations see variables even when there are none, and are trimmed', () => {
  const told = (mutation: object, variables: object[] = []) =>
    atOnce(
      validateMutatingAdmissionPolicy({
        metadata: { name: 'p' },
        spec: { failurePolicy: 'Fail', matchConstraints, reinvocationPolicy: 'Never', variables, mutations: [mutation] },
      } as MutatingAdmissionPolicy),
    ).map(({ field, message }) => `${field} ${message.split('\n')[0]}`)
  const made = (expression: string) => ({ patchType: 'ApplyConfiguration', applyConfiguration: { expression } })
  const patch = (expression: string) => ({ patchType: 'JSONPatch', jsonPatch: { expression } })
  assert.match(told(made('Object{}'), [{ name: 'a', expression: 'Object{}' }])[0] ?? '', "undeclared reference to 'Object'")
  assert.match(
    told(made('Object{}'), [{ name: 'a', expression: 'jsonpatch.escapeKey("a")' }])[0] ?? '',
    "reference to 'jsonpatch'",
  )
  assert.match(told(made('variables.a'))[0] ?? '', "ERROR: <input>:1:10: undefined field 'a'")
  assert.match(told(made('true && '))[0] ?? '', 'Invalid value: "true &&": compilation failed: ERROR: <input>:1:8:')
  assert.match(told(patch('[JSONPatch{nope: 1}]'))[0] ?? '', "expected type of field 'nope' is '' but provided type is 'int'")
})

test('a pattern that is none is found when the program is made', () => {
  const found = atOnce(
    validateValidatingAdmissionPolicy({
      metadata: { name: 'p' },
      spec: { failurePolicy: 'Fail', matchConstraints, validations: [{ expression: '"a".find("[") == ""' }] },
    } as ValidatingAdmissionPolicy),
  )
  assert.equal(
    found.map(({ message }) => message),
    ['Internal error: program instantiation failed: error parsing regexp: missing closing ]: `[`'],
  )
})

test.run()
