import { jsonText, parseJson } from '../../apimachinery/json.ts'
import type { Status } from '../../apimachinery/status.ts'
import { plainJson } from '../negotiation/accept.ts'
import type { Answer, Call } from '../pipeline/call.ts'
import { encode } from '../pipeline/encode.ts'
import type { ApiResponse } from '../request.ts'
import { textOf } from '../watch/stored.ts'

/** The Status that an answer is, if it is one. */
export function statusIn(answer: Answer): Status | undefined {
  return answer.kind === 'object' && answer.gvk.kind === 'Status' ? (answer.object as Status) : undefined
}

/** The body of a response as JSON: what was sent, or the same in JSON when it was sent otherwise. */
export async function jsonOf(call: Call, answer: Answer, response: ApiResponse): Promise<string | undefined> {
  const sent = sentJson(response)
  const isStream = answer.kind === 'watch' || answer.kind === 'refused-watch'
  if (sent !== undefined || isStream || answer.kind === 'response') return sent
  const { wantsObjects: _, ...request } = call.request
  return sentJson(await encode({ ...call, request, accept: plainJson }, answer))
}

/** The body of an answer by path, if it is an object of the API's: discovery. */
export function objectSent(response: ApiResponse): string | undefined {
  const json = sentJson(response)
  return json?.startsWith('{"kind":"API') ? json : undefined
}

/** The body, if it is JSON. */
export function sentJson({ headers, body }: ApiResponse): string | undefined {
  if ('object' in body) return jsonText(body.object)
  if (!headers['content-type']?.startsWith('application/json')) return undefined
  if ('bytes' in body) return inOneLine(textOf(body.bytes))
  if ('chunks' in body) return inOneLine(Buffer.concat(body.chunks).toString())
  return undefined
}

/** Answers for people to read are indented; a line of the log is one. */
function inOneLine(json: string): string {
  const text = json.trimEnd()
  return text.includes('\n') ? jsonText(parseJson(text)) : text
}
