// The metrics of a running set of operators, as controller-runtime and client-go name them, in Prometheus' text format.

import type { WebhookMetrics } from '../webhooks/webhook-metrics.ts'
import type { Queue } from '../work/queue.ts'
import type { ControllerMetrics } from './controller-metrics.ts'
import type { Histogram } from './histogram.ts'
import type { RequestCounts } from './request-counts.ts'

interface Measured {
  readonly metrics: ReadonlyMap<string, ControllerMetrics>
  readonly queues: ReadonlyMap<string, Queue>
  readonly leads: (name: string) => boolean
  readonly requests: RequestCounts
  readonly webhooks: WebhookMetrics
}

type Labels = Readonly<Record<string, string | number>>
type Sample = readonly [labels: Labels, value: number]

const escaped = (text: string): string => text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')
const labelText = (labels: Labels): string => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(String(value))}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function family(name: string, type: 'counter' | 'gauge', help: string, samples: Iterable<Sample>): string {
  const lines = [...samples].map(([labels, value]) => `${name}${labelText(labels)} ${value}`)
  return lines.length === 0 ? '' : `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('\n')}\n`
}

function histograms(name: string, help: string, all: Iterable<readonly [Labels, Histogram]>): string {
  const lines: string[] = []
  for (const [labels, { bounds, counts, sum, count }] of all) {
    let below = 0
    bounds.forEach((bound, i) => {
      below += counts[i] ?? 0
      lines.push(`${name}_bucket${labelText({ ...labels, le: bound })} ${below}`)
    })
    lines.push(`${name}_bucket${labelText({ ...labels, le: '+Inf' })} ${count}`)
    lines.push(`${name}_sum${labelText(labels)} ${sum}`, `${name}_count${labelText(labels)} ${count}`)
  }
  return lines.length === 0 ? '' : `# HELP ${name} ${help}\n# TYPE ${name} histogram\n${lines.join('\n')}\n`
}

/** The text of `/metrics`. */
export function metricsText(measured: Measured): string {
  return [...controllerFamilies(measured), ...queueFamilies(measured), ...otherFamilies(measured)].join('')
}

type Counted = readonly [name: string, type: 'counter' | 'gauge', help: string, value: (m: ControllerMetrics) => number]

const ofControllers: readonly Counted[] = [
  ['reconcile_errors_total', 'counter', 'Reconciles that failed.', (m) => m.error],
  ['terminal_reconcile_errors_total', 'counter', 'Failures that are not retried.', (m) => m.terminal],
  ['reconcile_panics_total', 'counter', 'Failures that were no Error.', (m) => m.panics],
  ['reconcile_timeouts_total', 'counter', 'Reconciles that passed their deadline.', (m) => m.timeouts],
  ['max_concurrent_reconciles', 'gauge', 'Workers.', (m) => m.workers],
  ['active_workers', 'gauge', 'Workers that work.', (m) => m.activeWorkers],
]

function controllerFamilies({ metrics }: Measured): string[] {
  const all = [...metrics]
  const results = all.flatMap(([controller, m]): Sample[] => [
    [{ controller, result: 'error' }, m.error],
    [{ controller, result: 'requeue' }, 0],
    [{ controller, result: 'requeue_after' }, m.requeueAfter],
    [{ controller, result: 'success' }, m.success],
  ])
  const prefix = 'controller_runtime'
  return [
    family(`${prefix}_reconcile_total`, 'counter', 'Reconciles, by how they ended.', results),
    ...ofControllers.map(([name, type, help, value]) =>
      family(
        `${prefix}_${name}`,
        type,
        help,
        all.map(([controller, m]): Sample => [{ controller }, value(m)]),
      ),
    ),
    histograms(
      `${prefix}_reconcile_time_seconds`,
      'How long reconciles took.',
      all.map(([controller, m]) => [{ controller }, m.seconds] as const),
    ),
  ]
}

function queueFamilies({ queues }: Measured): string[] {
  const labels = (name: string): Labels => ({ controller: name, name })
  const each = (value: (q: Queue) => number): Sample[] => [...queues].map(([name, q]) => [labels(name), value(q)])
  const of = (value: (q: Queue) => Histogram) => [...queues].map(([name, q]) => [labels(name), value(q)] as const)
  return [
    family(
      'workqueue_depth',
      'gauge',
      'Keys that wait.',
      each((q) => q.length),
    ),
    family(
      'workqueue_adds_total',
      'counter',
      'Keys added.',
      each((q) => q.metrics.adds),
    ),
    family(
      'workqueue_retries_total',
      'counter',
      'Keys added after a failure.',
      each((q) => q.metrics.retries),
    ),
    family(
      'workqueue_unfinished_work_seconds',
      'gauge',
      'How long what runs has run, in sum.',
      each((q) => q.metrics.unfinishedSeconds()),
    ),
    family(
      'workqueue_longest_running_processor_seconds',
      'gauge',
      'How long the longest that runs has run.',
      each((q) => q.metrics.longestRunningSeconds()),
    ),
    histograms(
      'workqueue_queue_duration_seconds',
      'How long keys waited.',
      of((q) => q.metrics.queueSeconds),
    ),
    histograms(
      'workqueue_work_duration_seconds',
      'How long keys were worked on.',
      of((q) => q.metrics.workSeconds),
    ),
  ]
}

function otherFamilies({ metrics, leads, requests, webhooks }: Measured): string[] {
  const leading = [...metrics.keys()].map((name): Sample => [{ name }, leads(name) ? 1 : 0])
  const webhookRequests = [...webhooks.requests].map(([, r]): Sample => [{ code: r.code, webhook: r.path }, r.count])
  return [
    family('leader_election_master_status', 'gauge', 'Whether this process leads.', leading),
    family(
      'rest_client_requests_total',
      'counter',
      'Requests to the API, by answer.',
      requests.all().map(({ code, method, count }): Sample => [{ code, method }, count]),
    ),
    family('controller_runtime_webhook_requests_total', 'counter', 'Webhook requests, by answer.', webhookRequests),
    family(
      'controller_runtime_webhook_requests_in_flight',
      'gauge',
      'Webhook requests that are being answered.',
      [...webhooks.inFlight].map(([webhook, n]): Sample => [{ webhook }, n]),
    ),
    histograms(
      'controller_runtime_webhook_latency_seconds',
      'How long webhook requests took.',
      [...webhooks.seconds].map(([webhook, h]) => [{ webhook }, h] as const),
    ),
  ]
}
