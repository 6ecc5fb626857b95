import { jsonTypeOf } from '../../../apimachinery/go-type.ts'
import { parseJson } from '../../../apimachinery/json.ts'
import { unexpectedResponse } from '../../../apimachinery/unexpected-response.ts'
import { plainValue, readJson } from '../../schema/json-syntax.ts'

/** What a webhook answered over HTTP. */
export interface Answer {
  readonly status: number
  /** As Content-Type has it; '' without one. */
  readonly type: string
  readonly text: string
}

/** As much as client-go shows of what it did not expect. */
const mostShown = 2048

/** The object of an answer. Throws an Error in client-go's words. */
export function objectIn({ status, type, text }: Answer): unknown {
  if (status < 200 || status > 206) {
    const isText = type === '' || type.trim().toLowerCase().startsWith('text/')
    const said = isText ? text.slice(0, mostShown).trim() : 'unknown'
    throw new Error(failureIn(text) ?? unexpectedResponse(status, said))
  }
  if (text === '')
    throw new Error(`0-length response with status code: ${status} and content type: ${type || 'application/json'}`)
  const value = valueIn(text)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new Error(
    `couldn't get version/kind; json parse error: json: cannot unmarshal ${jsonTypeOf(value)} into Go value of type ${typeMeta}`,
  )
}

const typeMeta = 'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'

function valueIn(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    // What does not begin as an object is taken for YAML, and that mostly for a text.
    if (!text.trimStart().startsWith('{')) return text
  }
  try {
    return plainValue(readJson(text))
  } catch (error) {
    throw new Error(`couldn't get version/kind; json parse error: ${(error as Error).message}`)
  }
}

/** What a Status in the body says. */
function failureIn(text: string): string | undefined {
  try {
    const { kind, status, message } = parseJson(text) as { kind?: unknown; status?: unknown; message?: unknown }
    return kind === 'Status' && status === 'Failure' ? String(message ?? '') : undefined
  } catch {
    return undefined
  }
}
