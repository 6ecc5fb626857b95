// What of a render depends on the chart and the values alone: which dependencies take part and how values lie over one another.
// Kept as long as the chart is, for the values used last, since whoever renders a chart again mostly has the same values.
import type { Chart } from '../chart/chart.ts'
import { processDependencies } from '../chart/dependencies.ts'
import { checkSchemas } from '../chart/schema.ts'
import type { LoadSchema } from '../chart/schema-check.ts'
import type { ValueSource } from '../chart/value-origin.ts'
import { coalesceValues, type Warn } from '../chart/values.ts'
import { copyMap, Int, TypedMap, type Value, type ValueMap } from '../gotemplate/value.ts'

const MAX_KEPT = 4
const kept = new WeakMap<Chart, PreparedChart[]>()

/** The chart with the values laid over its own. Throws ChartError. */
export function prepareChart(chart: Chart, values: ValueMap, warn: Warn): PreparedChart {
  const key = exactText(values)
  const known = kept.get(chart)?.filter((p) => p.isOf(chart)) ?? []
  let prepared = known.find((p) => p.key === key && key !== undefined)
  if (prepared) for (const message of prepared.warnings) warn(message)
  else {
    prepared = new PreparedChart(chart, values, key, warn)
    if (key !== undefined) kept.set(chart, [prepared, ...known].slice(0, MAX_KEPT))
  }
  return prepared
}

class PreparedChart {
  /** The chart as it takes part: dependencies switched off are gone, values imported. Not to be changed. */
  readonly chart: Chart
  readonly key: string | undefined
  readonly warnings: string[] = []
  private readonly original: Pick<Chart, 'metadata' | 'values' | 'dependencies'>
  private readonly values: ValueMap
  private spare: ValueMap | undefined
  private meetsSchemas = false

  constructor(chart: Chart, values: ValueMap, key: string | undefined, warn: Warn) {
    const tell: Warn = (message) => {
      this.warnings.push(message)
      warn(message)
    }
    this.original = { metadata: chart.metadata, values: chart.values, dependencies: chart.dependencies }
    this.key = key
    this.values = copyMap(values)
    this.chart = processDependencies(chart, values, tell)
    this.spare = coalesceValues(this.chart, values, tell)
  }

  /** Whether `chart` still is what was prepared: commands set parts of a chart anew, but change none in place. */
  isOf({ metadata, values, dependencies }: Chart): boolean {
    const { original } = this
    return metadata === original.metadata && values === original.values && dependencies === original.dependencies
  }

  /** All values, for one render to have and to change. */
  takeValues(): ValueMap {
    const values = this.spare ?? coalesceValues(this.chart, this.values, () => {})
    this.spare = undefined
    return values
  }

  /** Values taken before, which nobody changed nor has any longer: the next render gets them. */
  giveBack(values: ValueMap): void {
    this.spare = values
  }

  /** Throws SchemaError when `values`, which are those of takeValues, do not meet the charts' schemas. */
  async checkSchemas(values: ValueMap, sources?: () => Promise<readonly ValueSource[]>, load?: LoadSchema): Promise<void> {
    if (this.meetsSchemas) return
    await checkSchemas(this.chart, values, sources, load)
    this.meetsSchemas = true
  }
}

/** A text that only equal values have; undefined where they hold what is not from YAML or --set. */
function exactText(values: ValueMap): string | undefined {
  const parts: string[] = []
  return write(values, parts) ? parts.join('') : undefined
}

function write(v: Value, parts: string[]): boolean {
  if (typeof v === 'string') parts.push(JSON.stringify(v))
  else if (v === null || v === undefined || typeof v === 'boolean') parts.push(String(v))
  else if (typeof v === 'number') parts.push(Object.is(v, -0) ? '-0' : String(v))
  else if (v instanceof Int && !v.methods) parts.push(`${v.type}(${v.v})`)
  else if (Array.isArray(v) && Object.getOwnPropertySymbols(v).length === 0) {
    parts.push('[')
    for (const item of v) if (!write(item, parts)) return false
    parts.push(']')
  } else if (v instanceof Map && !(v instanceof TypedMap)) {
    parts.push('{')
    for (const [key, item] of v) {
      parts.push(JSON.stringify(key), ':')
      if (!write(item, parts)) return false
    }
    parts.push('}')
  } else return false
  parts.push(',')
  return true
}
