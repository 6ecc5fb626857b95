import { createHistogram, type Histogram } from './histogram.ts'

/** Counters, named as controller-runtime names its metrics. */
export interface ControllerMetrics {
  success: number
  error: number
  requeueAfter: number
  /** Errors that were not retried. */
  terminal: number
  /** What was thrown and is no Error. */
  panics: number
  /** Runs that passed their deadline. */
  timeouts: number
  activeWorkers: number
  readonly workers: number
  readonly seconds: Histogram
}

/** controller-runtime's bounds, 5 ms … 60 s. */
const bounds = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5, 1.75, 2, 2.5, 3,
  3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60,
]

export const createControllerMetrics = (workers: number): ControllerMetrics => ({
  success: 0,
  error: 0,
  requeueAfter: 0,
  terminal: 0,
  panics: 0,
  timeouts: 0,
  activeWorkers: 0,
  workers,
  seconds: createHistogram(bounds),
})
