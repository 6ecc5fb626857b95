import type { Client } from '../../client/client.ts'

/** A served resource that a word on the command line means. */
interface NamedResource {
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly kind: string
  readonly namespaced: boolean
}

interface Discovered {
  readonly metadata: { readonly name?: string }
  readonly versions: readonly {
    readonly version: string
    readonly resources?: readonly {
      readonly resource: string
      readonly singularResource?: string
      readonly shortNames?: readonly string[]
      readonly responseKind: { readonly kind: string }
      readonly scope: string
    }[]
  }[]
}

const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

/** What `word` means: a plural, a singular, a kind or a short name, also `deployments.apps`. Throws for what the cluster does not serve. */
export async function resourceNamed(client: Client, word: string): Promise<NamedResource> {
  const groups = [...(await discovered(client, '/api')), ...(await discovered(client, '/apis'))]
  const asked = word.toLowerCase()
  for (const { metadata, versions } of groups) {
    const group = metadata.name ?? ''
    for (const { version, resources = [] } of versions) {
      for (const r of resources) {
        const names = [r.resource, r.singularResource ?? '', r.responseKind.kind.toLowerCase(), ...(r.shortNames ?? [])]
        const isMeant = names.some(
          (n) => n !== '' && (n === asked || `${n}.${group}` === asked || `${n}.${version}.${group}` === asked),
        )
        if (isMeant)
          return { group, version, resource: r.resource, kind: r.responseKind.kind, namespaced: r.scope === 'Namespaced' }
      }
    }
  }
  throw new Error(`${word}: the cluster serves no such kind; kubectl api-resources lists them`)
}

async function discovered(client: Client, path: string): Promise<readonly Discovered[]> {
  const { status, text } = await rawText(client, path, accept)
  if (status !== 200) throw new Error(`discovery at ${path} failed: ${messageOf(text)}`)
  return (JSON.parse(text) as { items: Discovered[] }).items
}

/** The path of an object or collection. */
export function pathTo(
  { group, version, resource, namespaced }: NamedResource,
  namespace: string | undefined,
  name?: string,
): string {
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
  const place = namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : ''
  return `${root}${place}/${resource}${name === undefined ? '' : `/${encodeURIComponent(name)}`}`
}

export async function rawText(client: Client, path: string, acceptType: string): Promise<{ status: number; text: string }> {
  const answer = await client.raw({ method: 'GET', path, headers: { accept: acceptType } })
  const chunks: Uint8Array[] = []
  for await (const chunk of answer.body) chunks.push(chunk)
  return { status: answer.status, text: Buffer.concat(chunks).toString() }
}

/** The message of a Status, or the text itself. */
export function messageOf(text: string): string {
  try {
    return (JSON.parse(text) as { message?: string }).message ?? text
  } catch {
    return text.slice(0, 500)
  }
}

/** `KIND/NAME` or `KIND NAME`. */
export function kindAndName(positionals: readonly string[]): { kind: string; name: string | undefined } {
  const [first = '', second] = positionals
  const slash = first.indexOf('/')
  return slash < 0 ? { kind: first, name: second } : { kind: first.slice(0, slash), name: first.slice(slash + 1) }
}
