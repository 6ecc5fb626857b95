import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

export interface Said {
  readonly status: number
  /** All that was written, as it came. */
  readonly said: string
  readonly stdout: string
  readonly stderr: string
}

/** Runs a verb with what it writes kept instead of shown. */
export async function said(run: (argv: string[]) => Promise<number>, ...argv: string[]): Promise<Said> {
  const parts: [stream: number, text: string][] = []
  const streams = [process.stdout, process.stderr]
  const writes = streams.map((s) => s.write)
  streams.forEach((stream, i) => {
    // The callback of a write is called as by a stream that took it.
    stream.write = ((text: string, encoding: unknown, done: unknown) => {
      parts.push([i, text])
      const called = typeof encoding === 'function' ? encoding : done
      if (typeof called === 'function') called()
      return true
    }) as never
  })
  // cli/print.ts writes to the descriptor itself.
  const { writeSync } = fs
  fs.writeSync = ((to: number, data: Uint8Array, from = 0) => {
    if (to !== 1 && to !== 2) return writeSync(to, data, from)
    parts.push([to - 1, Buffer.from(data).subarray(from).toString()])
    return data.length - from
  }) as never
  syncBuiltinESMExports()
  const text = (stream?: number) => parts.flatMap(([i, t]) => (stream === undefined || stream === i ? [t] : [])).join('')
  try {
    const status = await run(argv)
    return { status, said: text(), stdout: text(0), stderr: text(1) }
  } finally {
    fs.writeSync = writeSync
    syncBuiltinESMExports()
    streams.forEach((stream, i) => {
      stream.write = writes[i] as never
    })
  }
}
