import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { jsonText } from '../../apimachinery/json.ts'

/** A document as it is sent, and its hash. */
export interface Written {
  readonly bytes: Uint8Array
  readonly hash: string
  /** When it was made. */
  readonly lastModified: Date
}

/** So long a turn of the event loop may be. */
const turnMs = 5

/** Waits for others when this turn of the event loop has been long; `started` is when it began. Resolves with when the current one did. */
export async function nextTurn(started: number): Promise<number> {
  if (performance.now() - started < turnMs) return started
  await setImmediate()
  return performance.now()
}

/** The pieces of `make` in bytes, made in as many turns of the event loop as that needs: a whole document takes many times as long as others may wait. */
export async function inTurns(make: Iterable<string | Uint8Array>): Promise<Written> {
  const hash = createHash('sha512')
  const chunks: Uint8Array[] = []
  let started = performance.now()
  for (const piece of make) {
    const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece
    hash.update(bytes)
    chunks.push(bytes)
    started = await nextTurn(started)
  }
  return { bytes: Buffer.concat(chunks), hash: hash.digest('hex').toUpperCase(), lastModified: new Date() }
}

/** JSON of `members`, a member a piece. */
export function* jsonMembers(members: Iterable<readonly [string, unknown]>): Generator<string> {
  let separator = '{'
  for (const [name, value] of members) {
    const json = jsonText(value)
    if (json === undefined) continue
    yield `${separator}${jsonText(name)}:${json}`
    separator = ','
  }
  yield separator === '{' ? '{}' : '}'
}

/** JSON of objects by name, without those that have no members. */
export function* jsonSections(sections: Iterable<readonly [string, Iterable<readonly [string, unknown]>]>): Generator<string> {
  let separator = '{'
  for (const [name, members] of sections) {
    let isFirst = true
    for (const piece of jsonMembers(members)) {
      if (piece === '{}') break
      yield isFirst ? `${separator}${jsonText(name)}:${piece}` : piece
      isFirst = false
    }
    if (!isFirst) separator = ','
  }
  yield separator === '{' ? '{}' : '}'
}
