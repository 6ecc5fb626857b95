// The release's name and the chart, of the arguments NAME CHART, or CHART with --generate-name or --name-template.
import { basename } from 'node:path'
import type { Flags } from './flags.ts'

/** Both. `fallback` is the name when nothing says one. Throws Error where there must be one. */
export async function nameAndChart(flags: Flags, verb: string, fallback?: string): Promise<[name: string, chart: string]> {
  const { args } = flags
  if (args.length === 0) throw new Error(`a chart is missing: slipway chart ${verb} [NAME] CHART`)
  if (args.length > 2) throw new Error(`expected at most two arguments, unexpected arguments: ${args.slice(2).join(', ')}`)
  const template = flags.get('name-template')
  if (args.length === 2) {
    if (flags.has('generate-name')) throw new Error('cannot set --generate-name and also specify a name')
    if (template !== undefined) throw new Error('cannot set --name-template and also specify a name')
    return args as [string, string]
  }
  const chart = args[0] as string
  if (template !== undefined) return [await rendered(template), chart]
  if (fallback !== undefined) return [fallback, chart]
  if (!flags.has('generate-name')) throw new Error('must either provide a name or specify --generate-name')
  const base = basename(chart).split('.')[0] || 'chart'
  return [`${base}-${Math.floor(Date.now() / 1000)}`, chart]
}

/** A name template has functions, but no values. */
async function rendered(template: string): Promise<string> {
  const { chartFromFiles } = await import('../../../helmlike/chart/load.ts')
  const { render } = await import('../../../helmlike/render/render.ts')
  const file = (name: string, text: string) => ({ name, data: Buffer.from(text) })
  const chart = chartFromFiles([
    file('Chart.yaml', 'apiVersion: v2\nname: name-template\nversion: 0.0.0\n'),
    // The output of a manifest is one object: the name is its text.
    file('templates/_name.tpl', `{{- define "name-template" -}}${template}{{- end -}}`),
    file('templates/name.yaml', 'kind: Name\nname: {{ include "name-template" (dict) | toJson }}\n'),
  ])
  const release = { name: 'name', namespace: 'default', revision: 1, isUpgrade: false }
  const { manifests } = await render(chart, new Map(), { release })
  const line = /^name: (.*)$/m.exec(manifests[0]?.content ?? '')?.[1]
  return JSON.parse(line ?? '""') as string
}
