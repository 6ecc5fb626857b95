import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { cpuOf, memoryOf } from '../servers.ts'

export type Kind = 'slipway' | 'controller-runtime'

/** An operator that runs as a process of its own, and what its metrics say. */
export interface OperatorProcess {
  /** User and system time so far, in seconds of one core. */
  cpu(): number
  /** In MiB. */
  memory(): { readonly now: number }
  /** `controller_runtime_reconcile_total` so far. */
  reconciles(): Promise<number>
  /** Resolves when there were so many. */
  reconciled(n: number): Promise<void>
  stop(): Promise<void>
}

interface OperatorProcessOptions {
  readonly kind: Kind
  /** The peer's program. */
  readonly program: string | undefined
  readonly kubeconfig: string
  readonly metricsPort: number
  /** Options of node itself, for ours: --cpu-prof and the like. */
  readonly node: string
}

const root = resolve(import.meta.dirname, '../..')

export async function startOperator({
  kind,
  program,
  kubeconfig,
  metricsPort,
  node,
}: OperatorProcessOptions): Promise<OperatorProcess> {
  const ours = ['operator', 'run', `${root}/examples/operators/database/operator.ts`, '--no-election', '--kubeconfig', kubeconfig]
  const child = program
    ? spawn(program, ['-metrics-bind-address', `127.0.0.1:${metricsPort}`, '-kubeconfig', kubeconfig], { stdio: 'ignore' })
    : spawn(`${root}/bin/slipway`, [...ours, '--status-port', String(metricsPort)], {
        stdio: 'ignore',
        env: { ...process.env, NODE_OPTIONS: node },
      })
  const exit = once(child, 'exit')
  const pid = child.pid ?? 0
  const total = async (): Promise<number> => {
    const text = await fetch(`http://127.0.0.1:${metricsPort}/metrics`).then(
      (r) => r.text(),
      () => '',
    )
    const lines = text.matchAll(/^controller_runtime_reconcile_total\{[^}]*\} (\S+)$/gm)
    return [...lines].reduce((sum, [, n]) => sum + Number(n), 0)
  }
  return {
    cpu: () => cpuOf([pid]),
    memory: () => memoryOf([pid]),
    reconciles: total,
    // Metrics tell nobody when they change.
    async reconciled(n) {
      while ((await total()) < n) {
        if (child.exitCode !== null) throw new Error(`the ${kind} operator ended (${child.exitCode})`)
        await wait(50)
      }
    },
    async stop() {
      child.kill('SIGTERM')
      await exit
    },
  }
}
