import { createHash } from 'node:crypto'
import type { Chart } from '../../helmlike/chart/chart.ts'
import { chartFromFiles } from '../../helmlike/chart/load.ts'
import type { TreeFile } from '../git/tree.ts'

/** Reads and parses a chart's files. Throws ChartError, TreeError. */
export async function loadChart(files: readonly TreeFile[]): Promise<Chart> {
  return (await read(files)).chart
}

interface Loaded {
  readonly chart: Chart
  readonly bytes: number
}

interface Kept {
  readonly loading: Promise<Loaded>
  /** 0 until it is loaded. */
  bytes: number
}

/**
 * The charts that were loaded last, by their files' names and Git contents: a commit beside a chart, other values, or another Application of
 * the same chart neither parse it again nor compile its templates. Bounded by the bytes of their files.
 */
export class ChartCache {
  readonly #mostBytes: number
  readonly #kept = new Map<string, Kept>()

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  /** Throws ChartError, TreeError. */
  async load(files: readonly TreeFile[]): Promise<Chart> {
    const key = digestOf(files)
    const kept = this.#kept.get(key) ?? { loading: read(files), bytes: 0 }
    // The one that was asked for last stands last.
    this.#kept.delete(key)
    this.#kept.set(key, kept)
    try {
      const { chart, bytes } = await kept.loading
      kept.bytes = bytes
      this.#drop()
      return chart
    } catch (error) {
      this.#kept.delete(key)
      throw error
    }
  }

  #drop(): void {
    let bytes = 0
    for (const [key, kept] of [...this.#kept].reverse()) {
      bytes += kept.bytes
      if (bytes > this.#mostBytes) this.#kept.delete(key)
    }
  }
}

async function read(files: readonly TreeFile[]): Promise<Loaded> {
  const entries = await Promise.all(files.map(async (f) => ({ name: f.path, data: Buffer.from(await f.read()) })))
  return { chart: chartFromFiles(entries), bytes: entries.reduce((sum, { data }) => sum + data.length, 0) }
}

function digestOf(files: readonly TreeFile[]): string {
  const hash = createHash('sha256')
  for (const { path, oid } of files) hash.update(`${path}\0${oid}\0`)
  return hash.digest('base64')
}
