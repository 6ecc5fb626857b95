// A release as the template of `get all --template` sees it: Go's release.Release.
import { metadataForTemplates, readMetadata } from '../../../helmlike/chart/metadata.ts'
import { timeValue, ZERO_NS } from '../../../helmlike/functions/dates/time.ts'
import { GoStruct, int, type Value } from '../../../helmlike/gotemplate/value.ts'
import type { HookRecord, ReleaseRecord } from '../../../helmlike/release/record.ts'
import { instantOf } from '../../../helmlike/release/record-time.ts'
import { fromPlain } from '../../../helmlike/yaml/json.ts'

const struct = (type: string, fields: { readonly [name: string]: Value }) => new GoStruct(type, new Map(Object.entries(fields)))
const time = (text: string | undefined) => timeValue(instantOf(text) ?? { ns: ZERO_NS, zone: 'UTC' })

export function releaseValue(r: ReleaseRecord): Value {
  return struct('v1.Release', {
    Name: r.name,
    Info: struct('v1.Info', {
      FirstDeployed: time(r.info.first_deployed),
      LastDeployed: time(r.info.last_deployed),
      Deleted: time(r.info.deleted),
      Description: r.info.description ?? '',
      Status: r.info.status,
      RollbackRevision: int(r.info.rollback_revision ?? 0),
      Notes: r.info.notes ?? '',
    }),
    Chart: struct('v2.Chart', {
      Metadata: metadataForTemplates(readMetadata(fromPlain(r.chart.metadata ?? {})), true),
      Values: fromPlain(r.chart.values ?? {}),
    }),
    Config: fromPlain(r.config),
    Manifest: r.manifest,
    Hooks: (r.hooks ?? []).map(hookValue),
    Version: int(r.version),
    Namespace: r.namespace,
    Labels: fromPlain(r.labels ?? {}),
    ApplyMethod: r.apply_method ?? '',
  })
}

const hookValue = (h: HookRecord): Value =>
  struct('v1.Hook', {
    Name: h.name,
    Kind: h.kind,
    Path: h.path,
    Manifest: h.manifest,
    Events: [...h.events],
    Weight: int(h.weight ?? 0),
    DeletePolicies: [...(h.delete_policies ?? [])],
    OutputLogPolicies: [...(h.output_log_policies ?? [])],
    LastRun: struct('v1.HookExecution', {
      StartedAt: time(h.last_run.started_at),
      CompletedAt: time(h.last_run.completed_at),
      Phase: h.last_run.phase,
    }),
  })
