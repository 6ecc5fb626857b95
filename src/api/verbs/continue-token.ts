import { isUtf8 } from 'node:buffer'
import { badRequest } from '../../apimachinery/status.ts'
import { JsonSyntaxError, type Node, readJson } from '../schema/json-syntax.ts'

/** Where a list goes on: after the key `after` (below the collection's prefix), as of `revision` (-1: now). */
interface ContinueToken {
  readonly revision: number
  readonly after: string
}

/** Opaque to clients, in the form kube-apiserver uses: base64url JSON with the first key of the next page. */
export function continueToken(revision: number, after: string): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start: `${after}\0` })).toString('base64url')
}

/** Throws 400 with the text of apiserver's DecodeContinue. */
export function readContinueToken(token: string): ContinueToken {
  const { v, rv, start } = fieldsOf(decoded(token))
  if (v !== 'meta.k8s.io/v1') throw notValid(`server does not recognize this encoded version ${v}`)
  if (rv === 0) throw notValid('incorrect encoded start resourceVersion (version meta.k8s.io/v1)')
  if (start === '') throw notValid('encoded start key empty (version meta.k8s.io/v1)')
  const path = start.startsWith('/') ? start.slice(1) : start
  if (path.split('/').some((part) => part === '' || part === '.' || part === '..')) throw notValid(start)
  return { revision: rv, after: path.endsWith('\0') ? path.slice(0, -1) : path }
}

const notValid = (why: string) => badRequest(`invalid continue token: continue key is not valid: ${why}`)

/** Of base64url without padding. Go tells where it breaks off; line ends count for nothing. */
function decoded(token: string): Node {
  const wrong = token.search(/[^A-Za-z0-9_\-\r\n]/)
  const letters = wrong < 0 ? token.replace(/[\r\n]/g, '') : token
  if (wrong >= 0 || letters.length % 4 === 1)
    throw notValid(`illegal base64 data at input byte ${wrong < 0 ? token.length - 1 : wrong}`)
  try {
    const bytes = Buffer.from(letters, 'base64url')
    return isUtf8(bytes) ? readJson(bytes.toString('utf8')) : readJson(bytes.toString('latin1'), true)
  } catch (e) {
    if (e instanceof JsonSyntaxError) throw notValid(e.message)
    throw e
  }
}

/** As Go reads them into its struct: null and what is missing leave a field empty. */
function fieldsOf(node: Node): { v: string; rv: number; start: string } {
  const fields = { v: '', rv: 0, start: '' }
  if (node.kind === 'null') return fields
  if (node.kind !== 'object') throw notValid(`json: cannot unmarshal ${node.kind} into Go value of type storage.continueToken`)
  for (const [key, value] of node.entries) {
    if (value.kind === 'null') continue
    if (key === 'rv') {
      if (value.kind !== 'number') throw misfit(value.kind, 'rv', 'int64')
      if (!/^-?\d+$/.test(value.text) || !Number.isSafeInteger(Number(value.text)))
        throw misfit(`number ${value.text}`, 'rv', 'int64')
      fields.rv = Number(value.text)
    } else if (key === 'v' || key === 'start') {
      if (value.kind !== 'string') throw misfit(value.kind, key, 'string')
      fields[key] = value.value
    }
  }
  return fields
}

const misfit = (what: string, field: string, type: string) =>
  notValid(`json: cannot unmarshal ${what} into Go struct field continueToken.${field} of type ${type}`)
