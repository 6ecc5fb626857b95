// slipway/operators: the sources in a checkout, else what was built of them.
import { existsSync } from 'node:fs'

const source = new URL('../src/operators/public.ts', import.meta.url)
const built = new URL('../dist/operators/public.js', import.meta.url)

export const {
  createLog,
  customResource,
  defineOperator,
  findCondition,
  fromKubeconfig,
  httpsClient,
  isAlreadyExists,
  isConflict,
  isNotFound,
  isTrue,
  lastBetween,
  milliseconds,
  otlpTracer,
  parseSchedule,
  resourceOf,
  rulesOf,
  runOperators,
  ScheduleError,
  schema,
  StatusError,
  stderrLog,
  systemClock,
  TerminalError,
  token,
  watching,
  webhook,
} = await import(existsSync(source) ? source.href : built.href)
