// A release as Helm stores it: JSON, gzipped, in base64, in a Secret.
import { gunzipSync, gzipSync } from 'node:zlib'
import type { KubeObject } from '../../apimachinery/object.ts'
import type { Chart, ChartFile } from '../chart/chart.ts'
import { metadataToJson } from '../chart/metadata.ts'
import { coalesceValues } from '../chart/values.ts'
import { isMap, type ValueMap } from '../gotemplate/value.ts'
import type { Hook } from '../render/manifests.ts'
import { fromPlain, toPlain } from '../yaml/json.ts'

export type Status =
  | 'unknown'
  | 'deployed'
  | 'uninstalled'
  | 'superseded'
  | 'failed'
  | 'uninstalling'
  | 'pending-install'
  | 'pending-upgrade'
  | 'pending-rollback'

export interface HookRecord {
  name: string
  kind: string
  path: string
  manifest: string
  events: string[]
  weight?: number
  delete_policies?: string[]
  output_log_policies?: string[]
  last_run: { started_at?: string; completed_at?: string; phase: string }
}
type Json = { [key: string]: unknown }
export interface ReleaseRecord {
  name: string
  namespace: string
  version: number
  info: {
    first_deployed?: string
    last_deployed?: string
    deleted?: string
    description?: string
    status: Status
    notes?: string
    rollback_revision?: number
  }
  chart: Json
  config: Json
  manifest: string
  hooks?: HookRecord[]
  apply_method?: 'ssa' | 'csa'
  /** Labels of its Secret beside Helm's own; they are not in the record itself. */
  labels?: Labels
  /** All labels of the Secret that it was read from. */
  secretLabels?: Labels
}
type Labels = { readonly [name: string]: string }

const SYSTEM_LABELS = ['name', 'owner', 'status', 'version', 'createdAt', 'modifiedAt']

/** The labels of `--labels a=b,c=d`. Throws Error for Helm's own. */
export function parseLabels(given: readonly string[]): Labels {
  const found: { [name: string]: string } = {}
  for (const part of given.flatMap((g) => g.split(',')).filter((p) => p !== '')) {
    const equals = part.indexOf('=')
    if (equals < 0) throw new Error(`${JSON.stringify(part)} must be formatted as key=value`)
    found[part.slice(0, equals).trim()] = part.slice(equals + 1)
  }
  if (SYSTEM_LABELS.some((l) => Object.hasOwn(found, l)))
    throw new Error(`user supplied labels contains system reserved label name. System labels: [${SYSTEM_LABELS.join(' ')}]`)
  return found
}

/** The labels of the release before with those given now; 'null' takes one away. */
export function mergeLabels(before: Labels = {}, given: Labels = {}): Labels {
  return Object.fromEntries(Object.entries({ ...before, ...given }).filter(([, v]) => v !== 'null'))
}

export interface Secret extends KubeObject {
  type?: string
  data?: { [key: string]: string }
}

const MAX_RECORD = 64 << 20
const ZERO_TIME = '0001-01-01T00:00:00Z'
export const secretName = (name: string, version: number): string => `sh.helm.release.v1.${name}.v${version}`

/** The Secret that holds the release. */
export function toSecret({ labels, secretLabels: _read, config, hooks, ...r }: ReleaseRecord, modified: Date): Secret {
  // As Go writes it: what is empty is left out.
  const record = {
    ...r,
    ...(Object.keys(config).length > 0 ? { config } : {}),
    ...(hooks && hooks.length > 0 ? { hooks } : {}),
  }
  const packed = gzipSync(Buffer.from(JSON.stringify(record)), { level: 9 }).toString('base64')
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'helm.sh/release.v1',
    metadata: {
      name: secretName(r.name, r.version),
      namespace: r.namespace,
      labels: {
        ...labels,
        name: r.name,
        owner: 'helm',
        status: r.info.status,
        version: String(r.version),
        modifiedAt: String(Math.floor(modified.getTime() / 1000)),
      },
    },
    data: { release: Buffer.from(packed).toString('base64') },
  }
}

/** The release in a Secret. Throws Error where it holds none. */
export function fromSecret(s: Secret): ReleaseRecord {
  const outer = Buffer.from(s.data?.release ?? '', 'base64').toString('latin1')
  const inner = Buffer.from(outer, 'base64')
  const bytes = inner[0] === 0x1f && inner[1] === 0x8b ? gunzipSync(inner, { maxOutputLength: MAX_RECORD }) : inner
  try {
    const r = JSON.parse(bytes.toString('utf8')) as ReleaseRecord
    const labels = Object.fromEntries(Object.entries(s.metadata.labels ?? {}).filter(([name]) => !SYSTEM_LABELS.includes(name)))
    const namespace = r.namespace ?? s.metadata.namespace ?? 'default'
    return {
      ...r,
      namespace,
      config: r.config ?? {},
      chart: r.chart ?? {},
      ...(Object.keys(labels).length > 0 ? { labels } : {}),
      secretLabels: s.metadata.labels ?? {},
    }
  } catch {
    throw new Error(`Secret ${s.metadata.name} holds no release of Helm`)
  }
}

const file = (f: ChartFile) => ({ name: f.name, modtime: ZERO_TIME, data: f.data.toString('base64') })

/** The chart as a release keeps it. */
export function chartRecord(c: Chart): Json {
  return {
    metadata: toPlain(metadataToJson(c.metadata)),
    lock: null,
    templates: c.templates.map(file),
    values: toPlain(c.values ?? new Map()),
    schema: c.schema?.toString('base64') ?? null,
    schemamodtime: ZERO_TIME,
    files: c.files.map(file),
  }
}

export const hookRecord = (h: Hook): HookRecord => ({
  name: h.name,
  kind: h.kind,
  path: h.path,
  manifest: h.content,
  events: [...h.events],
  ...(h.weight !== 0 ? { weight: h.weight } : {}),
  ...(h.deletePolicies.length > 0 ? { delete_policies: [...h.deletePolicies] } : {}),
  ...(h.outputLogPolicies.length > 0 ? { output_log_policies: [...h.outputLogPolicies] } : {}),
  last_run: { phase: '' },
})

/** The release's values over its chart's defaults. Those of dependencies are not in a record, as with Helm. */
export function computedValues({ chart, config }: ReleaseRecord): Json {
  const { metadata, values } = chart as { metadata?: { name?: string }; values?: Json | null }
  const defaults = fromPlain(values ?? {})
  const layers = { metadata: { name: metadata?.name ?? '' }, values: isMap(defaults) ? defaults : new Map(), dependencies: [] }
  return toPlain(coalesceValues(layers, fromPlain(config) as ValueMap, () => {})) as Json
}

const metadataOf = (r: ReleaseRecord) => r.chart.metadata as { name?: string; version?: string; appVersion?: string } | undefined

/** `name-version` of the release's chart. */
export function chartLabel(r: ReleaseRecord): string {
  const m = metadataOf(r)
  return m ? `${m.name ?? ''}-${m.version ?? ''}` : 'MISSING'
}

/** The version of what the chart installs. */
export function appVersionOf(r: ReleaseRecord): string {
  const m = metadataOf(r)
  return m ? (m.appVersion ?? '') : 'MISSING'
}

export const isPending = (r: ReleaseRecord): boolean => r.info.status.startsWith('pending-')
