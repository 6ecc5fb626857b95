import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { builtInKind, customKind } from '../../../src/api/apply/applied-kind.ts'
import { applyConfiguration, trackUpdate } from '../../../src/api/apply/field-manager.ts'
import { entriesOf, type Json } from '../../../src/api/apply/managers.ts'
import type { OpenApiSchema } from '../../../src/api/apply/types/schema-types.ts'
import type { ManagedFieldsEntry } from '../../../src/apimachinery/object.ts'
import { parseApiVersion } from '../../../src/apimachinery/resource.ts'

/** One write that kube-apiserver 1.36 answered: what was there, what was asked, and whose fields were whose afterwards. */
interface Recorded {
  readonly case: string
  readonly manager: string
  readonly subresource: string
  readonly before: Json | null
  readonly force?: boolean
  readonly applied?: Json
  /** What a custom kind is. */
  readonly crd?: { readonly group: string; readonly hasStatus: boolean; readonly schemas: Record<string, OpenApiSchema> }
  /** The result of another write than apply. */
  readonly after?: Json
  readonly managedFields: ManagedFieldsEntry[]
}

const now = new Date('2024-01-01T00:00:00Z')
const lines = readFileSync(new URL('../../data/apply/recorded.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
const recorded = lines.map((line) => JSON.parse(line) as Recorded)

function answered({ crd, before, applied, after, manager, subresource, force = false }: Recorded): Json {
  const { apiVersion, kind } = (applied ?? after) as { apiVersion: string; kind: string }
  const { group, version } = parseApiVersion(apiVersion)
  const type = crd
    ? customKind({ ...crd, version, kind, schemas: new Map(Object.entries(crd.schemas)) })
    : builtInKind(group, version, kind)
  if (applied) return applyConfiguration(type, before ?? undefined, applied, { manager, subresource, force, now })
  return trackUpdate(type, before ?? undefined, after ?? {}, { manager, subresource, now })
}

/** As a set, and without the order of members. */
const comparable = (entries: readonly ManagedFieldsEntry[] | undefined): string[] =>
  (entries ?? []).map((e) => JSON.stringify(sorted(e))).sort()

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const object = value as Json
  return Object.fromEntries(
    Object.keys(object)
      .sort()
      .map((key) => [key, sorted(object[key])]),
  )
}

for (const write of recorded) {
  const verb = write.applied ? 'apply' : 'update'
  test(`${verb} by ${write.manager} leaves every field to whom kube-apiserver leaves it (${write.case})`, () => {
    assert.equal(comparable(entriesOf(answered(write))), comparable(write.managedFields))
  })
}

test.run()
