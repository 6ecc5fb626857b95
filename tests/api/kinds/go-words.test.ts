import * as assert from 'node:assert/strict'
import { test } from 'uvu'
import { canonicalMicroTime, timeProblem } from '../../../src/api/schema/time.ts'
import { conflict, notFound } from '../../../src/apimachinery/status.ts'
import { changeProblems, problemsOf } from './kind-case.ts'

// The words of kube-apiserver 1.36.3 for texts that Go quotes, counts or parses.

test('a text that is no time is quoted byte by byte', () => {
  assert.throws(() => canonicalMicroTime('ü\n'), {
    message: 'parsing time "\\xc3\\xbc\\x0a" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "\\xc3\\xbc\\x0a" as "2006"',
  })
  assert.equal(timeProblem('2024-01-01T00:00:00.5Z'), undefined)
  assert.equal(
    timeProblem('2024-01-01'),
    'parsing time "2024-01-01" as "2006-01-02T15:04:05.999999999Z07:00": cannot parse "" as "T"',
  )
})

test('a name that cannot be is quoted in the answer', () => {
  const pods = { group: '', resource: 'pods' }
  assert.equal(notFound(pods, 'a"b\n').message, 'pods "a\\"b\\n" not found')
  assert.equal(conflict(pods, 'a\\', 'no').message, 'Operation cannot be fulfilled on pods "a\\\\": no')
})

test('the first address range of a node that cannot be read is told by its place', () => {
  assert.deepEqual(problemsOf('v1/Node', { metadata: { name: 'n' }, spec: { podCIDRs: ['10.9.0.0/24', 'x'] } }), [
    'spec.podCIDRs[1]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
    'spec.podCIDRs: Internal error: invalid PodCIDRs. failed to check with dual stack with error:invalid CIDR[1]: <nil> (invalid CIDR address: x)',
    'spec.podCIDRs: Invalid value: ["10.9.0.0/24","x"]: may specify no more than one CIDR for each IP family',
  ])
})

test('a webhook’s URL with a control character is no URL', () => {
  const webhook = {
    name: 'w.example.com',
    clientConfig: { url: 'https://a\n' },
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
  }
  const config = { metadata: { name: 'w' }, webhooks: [webhook] }
  assert.deepEqual(problemsOf('admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration', config), [
    'webhooks[0].clientConfig.url: Required value: url must be a valid URL: parse "https://a\\n": net/url: invalid control character in URL; desired format: https://host[/path]',
  ])
})

const cronJob = (schedule: string) => ({
  metadata: { name: 'c' },
  spec: {
    schedule,
    jobTemplate: { spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } } } },
  },
})

test('what is wrong with the time between two runs of a cron job is what package time says', () => {
  const told = (schedule: string) =>
    problemsOf('batch/v1/CronJob', cronJob(schedule)).filter((problem) => problem.startsWith('spec.schedule'))
  const wrong = (schedule: string, why: string) =>
    assert.deepEqual(told(schedule), [`spec.schedule: Invalid value: "${schedule}": ${why}`])
  assert.deepEqual(told('@every 1h30m'), [])
  wrong('@every 5', 'failed to parse duration @every 5: time: missing unit in duration "5"')
  wrong('@every 1x', 'failed to parse duration @every 1x: time: unknown unit "x" in duration "1x"')
  wrong('@every x', 'failed to parse duration @every x: time: invalid duration "x"')
  const many = '99999999999999999999'
  wrong(`${many} * * * *`, `failed to parse int from ${many}: strconv.Atoi: parsing "${many}": value out of range`)
})

test('an empty map is a change of an immutable ConfigMap that has none', () => {
  const old = { metadata: { name: 'c' }, data: { a: '1' }, immutable: true }
  const problems = (more: object) => changeProblems('v1/ConfigMap', { ...old, ...more }, old)
  assert.deepEqual(problems({}), [])
  assert.deepEqual(problems({ binaryData: {} }), ['binaryData: Forbidden: field is immutable when `immutable` is set'])
})

test.run()
