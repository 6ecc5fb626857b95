import type { Clock } from '../../apimachinery/clock.ts'
import { createHistogram, type Histogram } from './histogram.ts'

/** What client-go's work queue tells of itself, in seconds. */
export interface QueueMetrics {
  readonly adds: number
  readonly retries: number
  /** How long keys waited, ready, until they were taken. */
  readonly queueSeconds: Histogram
  /** How long keys were worked on. */
  readonly workSeconds: Histogram
  /** The sum of the times that running keys have taken so far. */
  unfinishedSeconds(): number
  longestRunningSeconds(): number
}

export interface QueueMeter extends QueueMetrics {
  added(): void
  retried(): void
  ready(key: string): void
  taken(key: string): void
  done(key: string): void
}

/** 10 ns … 1000 s, by tens: controller-runtime's. */
const bounds = Array.from({ length: 12 }, (_, i) => 10 ** (i - 8))

export function createQueueMeter(clock: Clock): QueueMeter {
  const readySince = new Map<string, number>()
  const runningSince = new Map<string, number>()
  const queueSeconds = createHistogram(bounds)
  const workSeconds = createHistogram(bounds)
  let adds = 0
  let retries = 0
  const ages = (): number[] => [...runningSince.values()].map((since) => (clock.now() - since) / 1000)
  return {
    queueSeconds,
    workSeconds,
    get adds() {
      return adds
    },
    get retries() {
      return retries
    },
    unfinishedSeconds: () => ages().reduce((sum, age) => sum + age, 0),
    longestRunningSeconds: () => Math.max(0, ...ages()),
    added: () => void adds++,
    retried: () => void retries++,
    ready: (key) => void readySince.set(key, clock.now()),
    taken(key) {
      const now = clock.now()
      queueSeconds.observe((now - (readySince.get(key) ?? now)) / 1000)
      readySince.delete(key)
      runningSince.set(key, now)
    },
    done(key) {
      workSeconds.observe((clock.now() - (runningSince.get(key) ?? clock.now())) / 1000)
      runningSince.delete(key)
    },
  }
}
