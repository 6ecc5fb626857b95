import { fileURLToPath } from 'node:url'
import { parseAllDocuments } from 'yaml'
import { run } from '../kubectl.ts'
import type { Json } from '../masked.ts'

interface Chart {
  readonly folder: string
  readonly release: string
  readonly namespace: string
  readonly set: readonly string[]
}

/** What our chart engine makes of a chart: the objects of `kinds`, as a JSON list. */
export async function renderedObjects({ folder, release, namespace, set }: Chart, kinds: readonly string[]): Promise<string> {
  const slipway = fileURLToPath(new URL('../../../bin/slipway', import.meta.url))
  const sets = set.flatMap((s) => ['--set', s])
  const { status, out, err } = await run(slipway, ['chart', 'template', release, folder, '-n', namespace, ...sets])
  if (status !== 0) throw new Error(`rendering ${folder}: ${err}`)
  const objects = parseAllDocuments(out).map((d) => d.toJS() as Json | null)
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects.filter((o) => o && kinds.includes(String(o.kind))) })
}
