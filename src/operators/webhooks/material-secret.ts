import type { Secret } from '../../apimachinery/kinds.generated.ts'
import type { OwnerReference } from '../../apimachinery/object.ts'
import { secrets } from '../../apimachinery/resources.generated.ts'
import { isAlreadyExists, isConflict, isNotFound } from '../../apimachinery/status.ts'
import type { Client } from '../../client/client.ts'
import { current, type Material } from './certificates.ts'

export interface MaterialSecretOptions {
  readonly client: Client
  readonly namespace: string
  readonly name: string
  /** What the leaf must be known by. */
  readonly names: readonly string[]
  readonly now: () => number
  /** What the Secret goes with. */
  readonly owner?: OwnerReference
}

const attempts = 5

/** The material as it must be now, read from its Secret and written back when something was due: all replicas have the same. */
export async function keepMaterial(options: MaterialSecretOptions): Promise<Material> {
  const { client, namespace, name, names, now } = options
  for (let attempt = 1; ; attempt++) {
    const live = await find(client, namespace, name)
    const kept = live && materialIn(live)
    const due = await current(kept, names, now())
    if (due === kept) return kept
    try {
      await save(options, live, due)
      return due
    } catch (error) {
      // Another replica was first: what it made is as good.
      if (!(isConflict(error) || isAlreadyExists(error)) || attempt === attempts) throw error
    }
  }
}

async function find(client: Client, namespace: string, name: string): Promise<Secret | undefined> {
  try {
    return await client.get(secrets, name, { namespace })
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

async function save(
  { client, namespace, name, owner }: MaterialSecretOptions,
  live: Secret | undefined,
  material: Material,
): Promise<void> {
  const data = dataOf(material)
  const metadata = { name, namespace, ...(owner ? { ownerReferences: [owner] } : {}) }
  if (live) await client.update(secrets, { ...live, data }, { namespace })
  else await client.create(secrets, { metadata, type: 'kubernetes.io/tls', data }, { namespace })
}

const keys = {
  'ca.crt': (m: Material) => m.ca.cert,
  'ca.key': (m: Material) => m.ca.key,
  'next-ca.crt': (m: Material) => m.next?.cert,
  'next-ca.key': (m: Material) => m.next?.key,
  'previous-ca.crt': (m: Material) => m.previous,
  'tls.crt': (m: Material) => m.leaf.cert,
  'tls.key': (m: Material) => m.leaf.key,
} as const

function dataOf(material: Material): Record<string, string> {
  const entries = Object.entries(keys).flatMap(([key, of]) => {
    const text = of(material)
    return text === undefined ? [] : [[key, Buffer.from(text).toString('base64')] as const]
  })
  return Object.fromEntries(entries)
}

/** Undefined when the Secret has not all that it needs. */
function materialIn({ data = {} }: Secret): Material | undefined {
  const text = (key: keyof typeof keys) => (data[key] ? Buffer.from(data[key], 'base64').toString() : undefined)
  const pair = (prefix: 'ca' | 'next-ca' | 'tls') => {
    const [cert, key] = [text(`${prefix}.crt`), text(`${prefix}.key`)]
    return cert && key ? { cert, key } : undefined
  }
  const [ca, leaf, next, previous] = [pair('ca'), pair('tls'), pair('next-ca'), text('previous-ca.crt')]
  if (!ca || !leaf) return undefined
  return { ca, leaf, ...(next ? { next } : {}), ...(previous ? { previous } : {}) }
}
