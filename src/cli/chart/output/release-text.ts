// A release in words, as Helm's status, install, upgrade, test and `get all` show it.
import { computedValues, type HookRecord, type ReleaseRecord } from '../../../helmlike/release/record.ts'
import { ANSIC, shownTime } from '../../../helmlike/release/record-time.ts'
import { toYaml } from '../../../helmlike/yaml/emit.ts'
import { fromPlain } from '../../../helmlike/yaml/json.ts'
import type { Colors } from './colors.ts'

interface ReleaseTextOptions {
  readonly hideNotes?: boolean
  /** Secrets of a dry run are not shown. */
  readonly hideSecret?: boolean
  /** Chart and versions, values, hooks and manifest, too. */
  readonly all?: boolean
  /** The objects as the cluster's tables show them. */
  readonly resources?: string
}

/** `paint` colours what Helm colours. */
export function releaseText(r: ReleaseRecord, paint: Colors, o: ReleaseTextOptions = {}): string {
  const at = shownTime(r.info.last_deployed, ANSIC)
  const m = (r.chart.metadata ?? {}) as { name?: string; version?: string; appVersion?: string }
  let text = `NAME: ${r.name}\n`
  if (at !== undefined) text += `LAST DEPLOYED: ${at}\n`
  text += `NAMESPACE: ${paint.namespace(r.namespace)}\nSTATUS: ${paint.status(r.info.status)}\nREVISION: ${r.version}\n`
  if (o.all) text += `CHART: ${m.name ?? ''}\nVERSION: ${m.version ?? ''}\nAPP_VERSION: ${m.appVersion ?? ''}\n`
  text += `DESCRIPTION: ${r.info.description ?? ''}\n`
  if (o.resources) text += `RESOURCES:\n${o.resources}\n`
  text += tests(r.hooks ?? [])
  if (o.all) text += `USER-SUPPLIED VALUES:\n${yaml(r.config)}\nCOMPUTED VALUES:\n${yaml(computedValues(r))}\n`
  if (o.all || r.info.description === 'Dry run complete') text += manifests(r, o.hideSecret ?? false)
  if (r.info.notes && !o.hideNotes) text += `NOTES:\n${r.info.notes.trim()}\n`
  return text
}

const yaml = (values: unknown) => toYaml(fromPlain(values))

function tests(hooks: readonly HookRecord[]): string {
  const found = hooks.filter((h) => h.events.includes('test'))
  if (found.length === 0) return 'TEST SUITE: None\n'
  const time = (text: string | undefined) => shownTime(text, ANSIC) ?? 'Mon Jan  1 00:00:00 0001'
  return found
    .filter((h) => shownTime(h.last_run.started_at, ANSIC) !== undefined)
    .map(
      ({ name, last_run: run }) =>
        `TEST SUITE:     ${name}\nLast Started:   ${time(run.started_at)}\nLast Completed: ${time(run.completed_at)}\nPhase:          ${run.phase}\n`,
    )
    .join('')
}

function manifests(r: ReleaseRecord, hideSecrets: boolean): string {
  const hooks = (r.hooks ?? []).map((h) => `---\n# Source: ${h.path}\n${h.manifest}\n`).join('')
  const hidden = (text: string) =>
    hideSecrets
      ? text
          .split(/^---\n/m)
          .map(withoutSecret)
          .join('---\n')
      : text
  return `HOOKS:\n${hidden(hooks)}MANIFEST:\n${hidden(r.manifest)}\n`
}

const withoutSecret = (document: string) =>
  /^kind: *["']?Secret["']? *$/m.test(document)
    ? `${/^# Source: .*\n/.exec(document)?.[0] ?? ''}# HIDDEN: The Secret output has been suppressed\n`
    : document
