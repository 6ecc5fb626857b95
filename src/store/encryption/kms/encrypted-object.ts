import { createHash } from 'node:crypto'
import { isDns1123Label, isDns1123Subdomain } from '../../../apimachinery/names.ts'
import { eachField, encode, type Field } from '../../grpc/protobuf.ts'

/** How the value's key comes from what the plugin opens. */
export const SourceType = { key: 0, seed: 1 } as const

/** What stands beside every value of one seed. */
export interface DekSource {
  /** The plugin's key that sealed it. */
  readonly keyId: string
  readonly encrypted: Buffer
  /** What the plugin wants to have back to open it. */
  readonly annotations: ReadonlyMap<string, Buffer>
  readonly type: number
}

/** What is stored after the prefix (kmsv2/v2/api.proto, EncryptedObject). */
interface EncryptedObject {
  readonly source: DekSource
  readonly data: Buffer
}

const mostKeyIdBytes = 1024
const mostSourceBytes = 1024
const mostAnnotationBytes = 32 * 1024

export function encodeObject({ source, data }: EncryptedObject): Buffer {
  return encode([
    [1, data],
    [2, source.keyId],
    [3, source.encrypted],
    ...encodeAnnotations(4, source.annotations),
    [5, source.type],
  ])
}

/** Throws for what is none, or is not as it must be. */
export function decodeObject(bytes: Uint8Array): EncryptedObject {
  let [data, encrypted] = [Buffer.alloc(0), Buffer.alloc(0)]
  let [keyId, type] = ['', 0]
  const annotations = new Map<string, Buffer>()
  eachField(bytes, (field, r) => {
    if (field === 1) data = r.slice() as Buffer<ArrayBuffer>
    else if (field === 2) keyId = r.text()
    else if (field === 3) encrypted = r.slice() as Buffer<ArrayBuffer>
    else if (field === 4) decodeAnnotation(r.slice(), annotations)
    else if (field === 5) type = r.signed()
  })
  const source = { keyId, encrypted, annotations, type }
  if (data.length === 0) throw new Error('encrypted data is empty')
  validateSource(source)
  return { source, data }
}

/** A map<string, bytes>, in the order of its keys. */
export function encodeAnnotations(field: number, annotations: ReadonlyMap<string, Buffer>): Field[] {
  return sorted(annotations).map(
    ([key, value]): Field => [
      field,
      [
        [1, key],
        [2, value],
      ],
    ],
  )
}

export function decodeAnnotation(entry: Uint8Array, into: Map<string, Buffer>): void {
  let [key, value] = ['', Buffer.alloc(0)]
  eachField(entry, (field, r) => {
    if (field === 1) key = r.text()
    else if (field === 2) value = Buffer.from(r.slice())
  })
  into.set(key, value)
}

/** Throws with kube-apiserver's words. */
export function validateSource({ keyId, encrypted, annotations, type }: DekSource): void {
  if (type !== SourceType.key && type !== SourceType.seed) throw new Error(`unknown encryptedDEKSourceType: ${type}`)
  const bad = 'failed to validate encrypted DEK source: encrypted DEK source is'
  if (encrypted.length === 0) throw new Error(`${bad} empty`)
  if (encrypted.length > mostSourceBytes)
    throw new Error(`${bad} ${encrypted.length} bytes, which exceeds the max size of ${mostSourceBytes}`)
  const problem = problemOfKeyId(keyId)
  if (problem) throw new Error(`failed to validate key id: ${problem.message}`)
  validateAnnotations(annotations)
}

/** undefined: none. `code`: for the metric. */
export function problemOfKeyId(keyId: string): { readonly code: 'empty' | 'too_long'; readonly message: string } | undefined {
  const bytes = Buffer.byteLength(keyId)
  if (bytes === 0) return { code: 'empty', message: 'keyID is empty' }
  if (bytes <= mostKeyIdBytes) return undefined
  return { code: 'too_long', message: `keyID is ${bytes} bytes, which exceeds the max size of ${mostKeyIdBytes}` }
}

function validateAnnotations(annotations: ReadonlyMap<string, Buffer>): void {
  const problems: string[] = []
  let size = 0
  for (const [key, value] of annotations) {
    const problem = problemOfName(key)
    if (problem) problems.push(`annotations: ${problem}`)
    size += Buffer.byteLength(key) + value.length
  }
  if (size > mostAnnotationBytes)
    problems.push(`total size of annotations is ${size}, which exceeds the max size of ${mostAnnotationBytes}`)
  if (problems.length === 0) return
  throw new Error(`failed to validate annotations: ${problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`}`)
}

/** As kube's IsFullyQualifiedDomainName says it. */
function problemOfName(key: string): string | undefined {
  if (key === '') return 'Required value'
  const name = key.replace(/\.$/, '')
  const invalid = (value: string, problems: readonly string[]) =>
    problems.length > 0 ? `Invalid value: ${JSON.stringify(value)}: ${problems.join(',')}` : undefined
  const labels = name.split('.')
  return (
    invalid(name, isDns1123Subdomain(name)) ??
    invalid(name, labels.length < 2 ? ['should be a domain with at least two segments separated by dots'] : []) ??
    labels.map((label) => invalid(label, isDns1123Label(label))).find((p) => p !== undefined)
  )
}

/** The same for the same source: under this its opened form is kept. */
export function cacheKey({ keyId, encrypted, annotations, type }: DekSource): string {
  const hash = createHash('sha256')
  const add = (part: string | Uint8Array) => {
    const bytes = Buffer.from(part as string)
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    hash.update(length).update(bytes)
  }
  add(String(type))
  add(encrypted)
  add(keyId)
  for (const [key, value] of sorted(annotations)) {
    add(key)
    add(value)
  }
  return hash.digest('base64')
}

function sorted(annotations: ReadonlyMap<string, Buffer>): [string, Buffer][] {
  return [...annotations].sort(([a], [b]) => (a < b ? -1 : 1))
}

/** For errors and metrics: key ids may be secret. */
export function keyIdHash(keyId: string): string {
  return keyId === '' ? '' : `sha256:${createHash('sha256').update(keyId).digest('hex')}`
}
