import { jsonText, parseJson } from '../../apimachinery/json.ts'
import { type Status, StatusError } from '../../apimachinery/status.ts'
import type { ApiRequest, ApiResponse, WatchEvent } from '../request.ts'

/** Longer than any object or page of a list that a server may send. */
const longest = 64 << 20

/** A remote server's JSON as the objects that a caller in process asked for: the object, or a watch's events. */
export async function asObjects(response: ApiResponse, request: ApiRequest): Promise<ApiResponse> {
  const { status, headers, body } = response
  if (!('stream' in body)) return response
  if (status === 200 && isWatch(request)) return { status, headers, body: { events: eventsOf(body.stream) } }
  const content = await textOf(body.stream)
  return { status, headers, body: { object: parsed(status, content) } }
}

const isWatch = ({ query }: ApiRequest): boolean => ['true', '1'].includes(query.get('watch') ?? '')

/** What a remote server said in no more than `longest` bytes. Throws when it says more. */
export async function textOf(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const piece of pieces) {
    size += piece.length
    if (size > longest) throw new Error(`the answer is longer than ${longest} bytes`)
    chunks.push(piece)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parsed(status: number, content: string): object {
  try {
    const object: unknown = parseJson(content)
    if (typeof object === 'object' && object !== null) return status < 400 ? object : asStatus(status, object as Partial<Status>)
  } catch {
    // Text of an intermediary: it becomes the message of a Status.
  }
  return new StatusError(status < 400 ? 502 : status, 'ServiceUnavailable', content.slice(0, 1024).trim()).status
}

const asStatus = (code: number, object: Partial<Status>): object =>
  object.kind === 'Status' ? { code, ...object } : new StatusError(code, '', jsonText(object).slice(0, 1024)).status

async function* eventsOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<readonly WatchEvent[]> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const piece of pieces) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > longest) throw new Error(`an event is longer than ${longest} bytes`)
    const events = lines.filter((l) => l.trim() !== '').map((l) => parseJson(l) as WatchEvent)
    if (events.length > 0) yield events
  }
}
