import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { byName } from './compare.ts'
import type { Kubectl } from './kubectl.ts'
import { type Json, maskText } from './masked.ts'
import { type Running, startProgram } from './program.ts'
import { keepPodsReady } from './ready-pods.ts'
import type { Place, Scenario, Step } from './scenario.ts'

interface StepOutcome {
  readonly says: string
  /** What went wrong; undefined when all came true. */
  readonly failure?: string
  readonly objects: ReadonlyMap<string, Json>
}

export interface Outcome {
  readonly steps: readonly StepOutcome[]
  /** `Kind/name Type Reason: message`, each once. */
  readonly events: readonly string[]
  readonly complaints: readonly string[]
}

interface RunOptions {
  /** What `build` filled. */
  readonly programs: string
  readonly logs: string
  /** The first of ten ports. */
  readonly port: number
  readonly timeoutSeconds: number
}

/** Runs a scenario on one cluster, from nothing to the last step; a step that fails does not stop the others. */
export async function runScenario(scenario: Scenario, kubectl: Kubectl, options: RunOptions): Promise<Outcome> {
  const place: Place = {
    namespace: scenario.namespace,
    module: join(options.programs, 'src', scenario.name, 'module'),
    port: (n) => options.port + n,
  }
  await kubectl.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: scenario.namespace } }))
  await kubectl.apply(await scenario.setup(place))
  await established(kubectl, 60)
  const deaths: string[] = []
  const running = start(scenario, place, kubectl, options, deaths)
  const steps: StepOutcome[] = []
  try {
    for (const step of scenario.steps) {
      const failure = await take(step, scenario.namespace, kubectl, options.timeoutSeconds).catch((e: Error) => e.message)
      const went = deaths.length > 0 ? deaths.join(', ') : failure
      const objects = byName(await settled(scenario, kubectl))
      steps.push({ says: step.says, objects, ...(went ? { failure: went } : {}) })
      if (deaths.length > 0) break
    }
    return { steps, events: await eventsOf(scenario, kubectl), complaints: running.flatMap((r) => r.complaints()) }
  } finally {
    await Promise.all(running.map((r) => r.stop()))
  }
}

/** Waits for every definition to be served. kubectl wait fails at once on one that has no conditions yet. */
async function established(kubectl: Kubectl, tries: number): Promise<void> {
  const wait = ['wait', 'crd', '--all', '--for=condition=Established', '--timeout=60s']
  while ((await kubectl.try(wait)).status !== 0 && tries-- > 0) await new Promise((resolve) => setTimeout(resolve, 1000))
}

function start(scenario: Scenario, place: Place, kubectl: Kubectl, options: RunOptions, deaths: string[]): Running[] {
  mkdirSync(options.logs, { recursive: true })
  return scenario.programs(place).map(({ name, args, env }) =>
    startProgram(join(options.programs, 'bin', `${scenario.name}-${name}`), args, {
      env: { ...process.env, KUBECONFIG: kubectl.kubeconfig, ...env },
      log: join(options.logs, `${scenario.name}-${name}.log`),
      died: (status) => deaths.push(`${name} ended with status ${status}: see its log in ${options.logs}`),
    }),
  )
}

/** Does a step and waits for what must come true. Resolves with what went wrong. */
async function take(step: Step, namespace: string, kubectl: Kubectl, timeoutSeconds: number): Promise<string | undefined> {
  const commands = (step.kubectl ?? []).map((args) => ({ args, input: '' }))
  if (step.apply) commands.unshift({ args: ['apply', '-f', '-'], input: step.apply })
  for (const [i, { args, input }] of commands.entries()) {
    const { status, err } = await kubectl.try(['-n', namespace, ...args], input)
    const refused = step.refused && i === commands.length - 1 ? step.refused : undefined
    if (refused && (status === 0 || !refused.test(err))) return `kubectl ${args.join(' ')} was not refused as expected: ${err}`
    if (!refused && status !== 0) return err.trim()
  }
  const end = new AbortController()
  const pods = step.podsReady ? keepPodsReady(step.podsReady, namespace, kubectl, end.signal) : undefined
  try {
    for (const [object, condition] of step.until ?? []) {
      const wait = (what: string) =>
        kubectl.must(['-n', namespace, 'wait', object, `--for=${what}`, `--timeout=${timeoutSeconds}s`])
      if (condition !== 'delete') await wait('create')
      await wait(condition)
    }
  } finally {
    end.abort()
    await pods
  }
  return undefined
}

/** The objects as soon as nothing has changed for a second. */
async function settled(scenario: Scenario, kubectl: Kubectl): Promise<Json[]> {
  const read = async () => {
    const args = ['get', scenario.shows, '-A', '-o', 'json', '--show-managed-fields', '--ignore-not-found']
    const out = await kubectl.must(args)
    const items = out ? ((JSON.parse(out) as { items?: Json[] }).items ?? []) : []
    return items.filter(({ metadata }) =>
      [undefined, scenario.namespace].includes((metadata as { namespace?: string }).namespace),
    )
  }
  const versions = (objects: readonly Json[]) => objects.map((o) => (o.metadata as Json).resourceVersion).join()
  let before = await read()
  for (let turns = 0; turns < 20; turns++) {
    await new Promise((resolve) => setTimeout(resolve, 1000))
    const now = await read()
    if (versions(now) === versions(before)) return now
    before = now
  }
  return before
}

async function eventsOf(scenario: Scenario, kubectl: Kubectl): Promise<string[]> {
  const out = await kubectl.must(['-n', scenario.namespace, 'get', 'events', '-o', 'json'])
  const events = (JSON.parse(out) as { items: Json[] }).items.map((e) => {
    const about = e.involvedObject as { kind?: string; name?: string }
    return `${about.kind}/${about.name} ${e.type} ${e.reason}: ${maskText(String(e.message))}`
  })
  return [...new Set(events)].sort()
}
