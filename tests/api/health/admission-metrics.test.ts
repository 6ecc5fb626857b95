import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { runMutating, runValidating } from '../../../src/api/admission/chain.ts'
import { AdmissionMetrics } from '../../../src/api/health/admission-metrics.ts'
import { podRequest } from '../admission/pod-request.ts'

const request = podRequest()

test('each plugin and each step is timed, by what was done and whether it was refused', async () => {
  const metrics = new AdmissionMetrics()
  const refusing = {
    name: 'Strict',
    validate: () => {
      throw new Error('no')
    },
  }
  const plugins = [{ name: 'Quick', mutate: () => {}, validate: async () => {} }, refusing, { name: 'Never', validate: () => {} }]
  await runMutating(plugins, request, metrics)
  await runValidating(plugins, request, metrics).catch(() => {})
  const text = [...metrics.lines()].join('\n')
  const controller = (name: string, rejected: boolean, type: string) =>
    `apiserver_admission_controller_admission_duration_seconds_count{name="${name}",operation="CREATE",rejected="${rejected}",type="${type}"} 1`
  for (const line of [
    controller('Quick', false, 'admit'),
    controller('Quick', false, 'validate'),
    controller('Strict', true, 'validate'),
    'apiserver_admission_step_admission_duration_seconds_count{operation="CREATE",rejected="false",type="admit"} 1',
    'apiserver_admission_step_admission_duration_seconds_count{operation="CREATE",rejected="true",type="validate"} 1',
  ])
    assert.ok(text.includes(line), line)
  assert.not.match(text, /Never|name="Strict".*admit/)
})

test('webhooks are counted by their answers; codes past 600 are one', () => {
  const metrics = new AdmissionMetrics()
  metrics.webhook('a.example.com', 'admit', 'UPDATE', 200, false, 0.2)
  metrics.webhook('a.example.com', 'admit', 'UPDATE', 1200, true, 20)
  metrics.webhookRejected('a.example.com', 'admit', 'UPDATE', 'no_error', 1200)
  metrics.failedOpen('a.example.com', 'validating')
  const text = [...metrics.lines()].join('\n')
  const of = 'name="a.example.com",operation="UPDATE"'
  for (const line of [
    `apiserver_admission_webhook_admission_duration_seconds_bucket{${of},rejected="false",type="admit",le="0.5"} 1`,
    `apiserver_admission_webhook_request_total{code="600",${of},rejected="true",type="admit"} 1`,
    `apiserver_admission_webhook_rejection_count{error_type="no_error",${of},rejection_code="600",type="admit"} 1`,
    'apiserver_admission_webhook_fail_open_count{name="a.example.com",type="validating"} 1',
  ])
    assert.ok(text.includes(line), line)
})

test.run()
