import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decodeAnswer, readAnswer, rejection } from '../../../src/api/admission/webhook/review.ts'

// Texts are those of kube-apiserver 1.36.3.
const review = (more: object, version = 'v1') => ({ apiVersion: `admission.k8s.io/${version}`, kind: 'AdmissionReview', ...more })
const response = { uid: 'u', allowed: true }

const problem = (run: () => unknown): string => {
  try {
    run()
    return ''
  } catch (error) {
    return (error as Error).message
  }
}
const read = (answer: unknown, version = 'v1', mayPatch = false) =>
  readAnswer(decodeAnswer(answer, version), 'u', { version, mayPatch })

test('an answer that is no AdmissionReview of the asked version is refused in the words of its decoder', () => {
  const scheme = 'in scheme "pkg/runtime/scheme.go:111"'
  const cases: [unknown, RegExp | string][] = [
    [review({ response }, 'v2'), `no kind "AdmissionReview" is registered for version "admission.k8s.io/v2" ${scheme}`],
    [{ ...review({ response }), kind: 'Foo' }, `no kind "Foo" is registered for version "admission.k8s.io/v1" ${scheme}`],
    [review({ response }, 'v1beta1'), 'converting (v1beta1.AdmissionReview) to (v1.AdmissionReview): unknown conversion'],
    [
      review({ response: { ...response, allowed: 'yes' } }),
      /^json: cannot unmarshal string into Go struct field .*allowed of type bool$/,
    ],
    [review({}), 'webhook response was absent'],
    [{ response }, 'expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got /, Kind='],
  ]
  for (const [answer, expected] of cases) {
    const message = problem(() => read(answer))
    if (typeof expected === 'string') assert.is(message, expected)
    else assert.match(message, expected)
  }
})

test('patches of a validating webhook are refused in v1 and overlooked in v1beta1', () => {
  const answer = { ...response, patch: 'W10=', patchType: 'JSONPatch' }
  assert.is(
    problem(() => read(review({ response: answer }))),
    'validating webhook may not return response.patch',
  )
  assert.is(
    problem(() => read(review({ response: answer }, 'v1beta1'), 'v1beta1')),
    '',
  )
})

test('a refusal without a reason has none', () => {
  const { status } = rejection('w', { message: 'no', reason: '' })
  assert.is(status.message, 'admission webhook "w" denied the request: no')
  assert.not('reason' in status)
  assert.is(status.code, 400)
})

test.run()
