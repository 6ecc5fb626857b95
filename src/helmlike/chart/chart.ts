// A chart in memory.
import type { Value, ValueMap } from '../gotemplate/value.ts'
import type { Metadata } from './metadata.ts'

/** A chart that is not acceptable, with Helm's words. */
export class ChartError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ChartError'
  }
}

export interface ChartFile {
  /** Path inside the chart, with `/`. */
  readonly name: string
  readonly data: Buffer
}

export interface Lock {
  readonly dependencies: readonly Value[]
  readonly digest: string
}

export interface Chart {
  metadata: Metadata
  lock: Lock | undefined
  readonly templates: readonly ChartFile[]
  readonly files: readonly ChartFile[]
  /** Every file as it was read, for packaging. */
  readonly raw: readonly ChartFile[]
  readonly schema: Buffer | undefined
  values: ValueMap | undefined
  dependencies: Chart[]
  parent: Chart | undefined
}

/** `parent/charts/child`: where the chart's templates are named from. */
export function fullPath(c: Chart): string {
  return c.parent ? `${fullPath(c.parent)}/charts/${c.metadata.name}` : c.metadata.name
}

/** Makes `children` the chart's dependencies. */
export function setDependencies(c: Chart, children: Chart[]): void {
  for (const child of children) child.parent = c
  c.dependencies = children
}

/** A copy whose metadata, values and dependencies may be changed; files are shared. */
export function cloneChart(c: Chart): Chart {
  const copy: Chart = {
    ...c,
    metadata: { ...c.metadata, dependencies: c.metadata.dependencies?.map((d) => ({ ...d })) },
    parent: undefined,
  }
  setDependencies(copy, c.dependencies.map(cloneChart))
  return copy
}

/** The files of crds/ of the chart and its dependencies, with the paths they are shown under. */
export function crdsOf(c: Chart): { path: string; data: Buffer }[] {
  const own = c.files.filter((f) => f.name.startsWith('crds/') && /\.(?:ya?ml|json)$/i.test(f.name))
  return [...own.map((f) => ({ path: `${fullPath(c)}/${f.name}`, data: f.data })), ...c.dependencies.flatMap(crdsOf)]
}
