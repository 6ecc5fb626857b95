import { jsonText } from '../apimachinery/json.ts'

/** Structured log: a sentence, and what it is about. Never put the content of a Secret into `fields`. */
export interface Log {
  info(message: string, fields?: Fields): void
  warn(message: string, fields?: Fields): void
  error(message: string, error: unknown, fields?: Fields): void
  /** The same log with `fields` on each line. */
  with(fields: Fields): Log
}

type Fields = Readonly<Record<string, string | number | boolean | undefined>>
type LogLevel = 'info' | 'warn' | 'error'
type LogSink = (level: LogLevel, message: string, fields: Fields) => void

/** A log whose lines go to `sink`, each with the fields `base`. */
export function createLog(sink: LogSink, base: Fields = {}): Log {
  return {
    info: (message, fields) => sink('info', message, { ...base, ...fields }),
    warn: (message, fields) => sink('warn', message, { ...base, ...fields }),
    error: (message, error, fields) => sink('error', message, { ...base, ...fields, error: textOf(error) }),
    with: (fields) => createLog(sink, { ...base, ...fields }),
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** One JSON object a line on standard error, from `least` on. */
export function stderrLog(least: LogLevel = 'warn', now: () => number = Date.now): Log {
  const order: readonly LogLevel[] = ['info', 'warn', 'error']
  return createLog((level, message, fields) => {
    if (order.indexOf(level) < order.indexOf(least)) return
    process.stderr.write(`${jsonText({ time: new Date(now()).toISOString(), level, message, ...fields })}\n`)
  })
}

export const silentLog: Log = createLog(() => {})
