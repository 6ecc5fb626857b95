import { cpSync, globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseAllDocuments } from 'yaml'
import { run } from '../kubectl.ts'
import type { Json } from '../masked.ts'

export interface ChartParts {
  readonly name: string
  readonly version: string
  readonly namespace: string
  /** Folders whose files are templates. */
  readonly templates: readonly string[]
  readonly values: string
  readonly set: readonly string[]
}

/** What our chart engine makes of templates that a module ships without a whole chart: the objects of `kinds`, as a JSON list. */
export async function renderedObjects(parts: ChartParts, kinds: readonly string[]): Promise<string> {
  const chart = mkdtempSync(join(tmpdir(), 'slipway-third-party-'))
  try {
    for (const file of parts.templates.flatMap((dir) => globSync(join(dir, '*.{yaml,tpl,txt}')))) {
      cpSync(file, join(chart, 'templates', basename(file)))
    }
    cpSync(parts.values, join(chart, 'values.yaml'))
    writeFileSync(join(chart, 'Chart.yaml'), JSON.stringify({ apiVersion: 'v2', name: parts.name, version: parts.version }))
    const slipway = fileURLToPath(new URL('../../../bin/slipway', import.meta.url))
    const sets = parts.set.flatMap((s) => ['--set', s])
    const { status, out, err } = await run(slipway, ['chart', 'template', parts.name, chart, '-n', parts.namespace, ...sets])
    if (status !== 0) throw new Error(`rendering ${parts.name}: ${err}`)
    const objects = parseAllDocuments(out).map((d) => d.toJS() as Json | null)
    const items = objects.filter((o) => o && kinds.includes(String(o.kind)))
    return JSON.stringify({ apiVersion: 'v1', kind: 'List', items })
  } finally {
    rmSync(chart, { recursive: true })
  }
}
