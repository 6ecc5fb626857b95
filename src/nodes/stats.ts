import type Docker from 'dockerode'
import { timeText } from '../apimachinery/clock.ts'
import type { NodeContext } from './node-context.ts'
import type { PodSet } from './pod-set.ts'

interface Usage {
  /** Nanoseconds of CPU since the container started. */
  readonly cpu: number
  /** Nanoseconds of CPU a second, over the sample's interval. */
  readonly cpuRate: number
  /** Bytes in use that cannot be dropped at once. */
  readonly workingSet: number
  readonly usage: number
  readonly rss: number
  readonly limit: number
  readonly network: { readonly rxBytes: number; readonly txBytes: number } | undefined
}

async function usageOf(docker: Docker, id: string): Promise<Usage | undefined> {
  try {
    const s = (await docker.getContainer(id).stats({ stream: false, 'one-shot': true })) as unknown as Docker.ContainerStats
    const memory = s.memory_stats as { usage?: number; limit?: number; stats?: Record<string, number> }
    const inactive = memory.stats?.total_inactive_file ?? memory.stats?.inactive_file ?? 0
    const networks = Object.values(s.networks ?? {})
    return {
      cpu: s.cpu_stats.cpu_usage.total_usage,
      cpuRate: 0,
      usage: memory.usage ?? 0,
      workingSet: Math.max(0, (memory.usage ?? 0) - inactive),
      rss: memory.stats?.total_rss ?? memory.stats?.anon ?? 0,
      limit: memory.limit ?? 0,
      network:
        networks.length > 0
          ? { rxBytes: networks.reduce((n, i) => n + i.rx_bytes, 0), txBytes: networks.reduce((n, i) => n + i.tx_bytes, 0) }
          : undefined,
    }
  } catch {
    // It ended while it was asked.
    return undefined
  }
}

interface Sample {
  readonly cpu: number
  readonly at: number
}

/** Usage of the node's containers, asked of Docker when somebody wants to know. */
export class Stats {
  readonly #context: NodeContext
  readonly #podSet: PodSet
  readonly #startedAt: number
  /** By container id: the sample before, from which the rate comes. */
  readonly #samples = new Map<string, Sample>()

  constructor(context: NodeContext, podSet: PodSet) {
    this.#context = context
    this.#podSet = podSet
    this.#startedAt = context.clock.now()
  }

  async #sample(id: string): Promise<Usage | undefined> {
    const usage = await usageOf(this.#context.engine.docker, id)
    if (!usage) return undefined
    const at = this.#context.clock.now()
    const before = this.#samples.get(id)
    this.#samples.set(id, { cpu: usage.cpu, at })
    if (!before || at <= before.at) return usage
    return { ...usage, cpuRate: Math.max(0, ((usage.cpu - before.cpu) * 1000) / (at - before.at)) }
  }

  async #pods() {
    const views = this.#podSet.workers().map((w) => w.view())
    const running = new Set(views.flatMap((v) => v.observed.filter((c) => c.state === 'running').map((c) => c.id)))
    for (const id of this.#samples.keys()) if (!running.has(id)) this.#samples.delete(id)
    return Promise.all(
      views.map(async (view) => {
        const containers = view.observed.filter((c) => c.state === 'running')
        const usages = await Promise.all(containers.map(async (c) => ({ container: c, usage: await this.#sample(c.id) })))
        return { pod: view.pod, usages: usages.flatMap(({ container, usage }) => (usage ? [{ container, usage }] : [])) }
      }),
    )
  }

  /** The kubelet's /stats/summary. */
  async summary(): Promise<object> {
    const time = timeText(this.#context.clock.now())
    const pods = await this.#pods()
    const cpu = (list: readonly Usage[]) => ({
      time,
      usageNanoCores: Math.round(list.reduce((n, u) => n + u.cpuRate, 0)),
      usageCoreNanoSeconds: list.reduce((n, u) => n + u.cpu, 0),
    })
    const memory = (list: readonly Usage[]) => ({
      time,
      usageBytes: list.reduce((n, u) => n + u.usage, 0),
      workingSetBytes: list.reduce((n, u) => n + u.workingSet, 0),
      rssBytes: list.reduce((n, u) => n + u.rss, 0),
    })
    const all = pods.flatMap((p) => p.usages.map((u) => u.usage))
    return {
      node: { nodeName: this.#context.nodeName, startTime: timeText(this.#startedAt), cpu: cpu(all), memory: memory(all) },
      pods: pods.map(({ pod, usages }) => {
        const network = usages.find((u) => u.usage.network)?.usage.network
        return {
          podRef: { name: pod.metadata.name, namespace: pod.metadata.namespace, uid: pod.metadata.uid },
          startTime: pod.status?.startTime ?? time,
          containers: usages
            .filter((u) => u.container.role !== 'sandbox')
            .map(({ container, usage }) => ({
              name: container.name,
              startTime: timeText(container.startedAt),
              cpu: cpu([usage]),
              memory: memory([usage]),
            })),
          cpu: cpu(usages.map((u) => u.usage)),
          memory: memory(usages.map((u) => u.usage)),
          ...(network ? { network: { time, name: 'eth0', ...network, interfaces: [{ name: 'eth0', ...network }] } } : {}),
        }
      }),
    }
  }

  /** The kubelet's /metrics/resource, Prometheus text, which metrics-server reads. */
  async resourceMetrics(): Promise<string> {
    const now = this.#context.clock.now()
    const pods = await this.#pods()
    const lines = new Map<string, { type: string; rows: string[] }>()
    const row = (name: string, type: string, labels: Record<string, string | undefined>, value: number) => {
      const known = lines.get(name) ?? { type, rows: [] }
      lines.set(name, known)
      const text = Object.entries(labels).map(([k, v]) => `${k}=${JSON.stringify(v ?? '')}`)
      known.rows.push(`${name}${text.length > 0 ? `{${text.join(',')}}` : ''} ${value} ${now}`)
    }
    const all = pods.flatMap((p) => p.usages.map((u) => u.usage))
    row('node_cpu_usage_seconds_total', 'counter', {}, all.reduce((n, u) => n + u.cpu, 0) / 1e9)
    row(
      'node_memory_working_set_bytes',
      'gauge',
      {},
      all.reduce((n, u) => n + u.workingSet, 0),
    )
    for (const { pod, usages } of pods) {
      const labels = { namespace: pod.metadata.namespace, pod: pod.metadata.name }
      for (const { container, usage } of usages) {
        if (container.role === 'sandbox') continue
        const own = { container: container.name, ...labels }
        row('container_cpu_usage_seconds_total', 'counter', own, usage.cpu / 1e9)
        row('container_memory_working_set_bytes', 'gauge', own, usage.workingSet)
        row('container_start_time_seconds', 'gauge', own, container.startedAt / 1000)
      }
      row('pod_cpu_usage_seconds_total', 'counter', labels, usages.reduce((n, u) => n + u.usage.cpu, 0) / 1e9)
      row(
        'pod_memory_working_set_bytes',
        'gauge',
        labels,
        usages.reduce((n, u) => n + u.usage.workingSet, 0),
      )
    }
    row('resource_scrape_error', 'gauge', {}, 0)
    return [...lines].map(([name, { type, rows }]) => `# TYPE ${name} ${type}\n${rows.join('\n')}\n`).join('')
  }
}
