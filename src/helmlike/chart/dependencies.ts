// Which dependencies take part in a render: conditions, tags, aliases, and what they hand to their parent.

import { parseConstraints, parseVersion, satisfies, VersionError } from '../functions/version.ts'
import { formatValue } from '../gotemplate/format.ts'
import { copyMap, isMap, type Value, type ValueMap } from '../gotemplate/value.ts'
import { type Chart, cloneChart, setDependencies } from './chart.ts'
import type { Dependency } from './metadata.ts'
import { coalesceTables, coalesceValues, mergeValues, tableAt, valueAt, type Warn } from './values.ts'

/** Whether a version is in a range; a bad one of either is not. */
export function isInRange(range: string, version: string): boolean {
  try {
    return satisfies(parseVersion(version), parseConstraints(range))
  } catch (e) {
    if (e instanceof VersionError) return false
    throw e
  }
}

/** A copy of the chart with the dependencies that the values switch on, their values imported. Throws ChartError. */
export function processDependencies(chart: Chart, values: ValueMap, warn: Warn): Chart {
  const c = cloneChart(chart)
  enable(c, values, '', warn)
  importValues(c, warn)
  return c
}

/** The names of dependencies that Chart.yaml lists and charts/ lacks. */
export function missingDependencies(c: Chart): string[] {
  const present = new Set(c.dependencies.map((d) => d.metadata.name))
  return (c.metadata.dependencies ?? []).map((d) => d.name).filter((name) => !present.has(name))
}

function enable(c: Chart, values: ValueMap, path: string, warn: Warn): void {
  const listed = c.metadata.dependencies
  if (!listed) return
  const matches = (d: Dependency, child: Chart) => child.metadata.name === d.name && isInRange(d.version, child.metadata.version)
  const taking = c.dependencies.filter((child) => !listed.some((d) => matches(d, child)))
  for (const d of listed) {
    const found = c.dependencies.find((child) => matches(d, child))
    if (found) {
      const copy = cloneChart(found)
      if (d.alias !== '') copy.metadata.name = d.alias
      taking.push(copy)
    }
    if (d.alias !== '') d.name = d.alias
    d.enabled = true
  }
  setDependencies(c, taking)
  const merged = coalesceValues(c, values, warn)
  applyTags(listed, merged, warn)
  applyConditions(listed, merged, path, warn)
  const off = new Set(listed.filter((d) => !d.enabled).map((d) => d.name))
  const on = taking.filter((child) => !off.has(child.metadata.name))
  for (const child of on) enable(child, merged, `${path}${child.metadata.name}.`, warn)
  c.metadata.dependencies = listed.filter((d) => !off.has(d.name))
  setDependencies(c, on)
}

function applyTags(listed: readonly Dependency[], values: ValueMap, warn: Warn): void {
  const tags = values.get('tags')
  if (!isMap(tags)) return
  for (const d of listed) {
    const set = d.tags.filter((t) => tags.has(t)).map((t) => tags.get(t))
    if (set.some((v) => typeof v !== 'boolean')) warn(`warning: tags of ${d.name} have values that are not true or false`)
    d.enabled = set.includes(true) || !set.includes(false)
  }
}

function applyConditions(listed: readonly Dependency[], values: ValueMap, path: string, warn: Warn): void {
  for (const d of listed) {
    for (const condition of d.condition.trim().split(',')) {
      if (condition === '') continue
      const v = valueAt(values, path + condition)
      if (typeof v === 'boolean') {
        d.enabled = v
        break
      }
      if (v !== undefined) warn(`returned non-bool value path=${condition} chart=${d.name}`)
    }
  }
}

function nested(path: string, m: ValueMap): ValueMap {
  if (path === '.') return m
  return path.split('.').reduceRight<ValueMap>((inner, name) => new Map([[name, inner]]), m)
}

function importValues(c: Chart, warn: Warn): void {
  for (const child of c.dependencies) importValues(child, warn)
  const listed = c.metadata.dependencies
  if (!listed) return
  const values = mergeValues(c, undefined, warn)
  let imported: ValueMap | undefined
  for (const d of listed) {
    const normalized: Value[] = []
    for (const item of d.importValues) {
      const pair = importPair(item)
      if (!pair) continue
      normalized.push(
        new Map<string, Value>([
          ['child', pair.child],
          ['parent', pair.parent],
        ]),
      )
      const table = tableAt(values, `${d.name}.${pair.child}`)
      if (table) imported = coalesceTables(imported ?? new Map(), nested(pair.parent, table), '', true, warn)
      else warn(`ImportValues missing table from chart ${d.name}: ${pair.child}`)
    }
    d.importValues = normalized
  }
  // The tables are parts of the values.
  c.values = imported ? coalesceTables(copyMap(values), imported, '', true, warn) : values
}

function importPair(item: Value): { child: string; parent: string } | undefined {
  if (typeof item === 'string') return { child: `exports.${item}`, parent: '.' }
  if (!isMap(item)) return undefined
  return { child: formatValue(item.get('child')), parent: formatValue(item.get('parent')) }
}
