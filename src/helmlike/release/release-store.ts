// The releases of a namespace, in Secrets.
import type { Resource } from '../../apimachinery/resource.ts'
import { StatusError } from '../../apimachinery/status.ts'
import type { Client } from '../../client/client.ts'
import { fromSecret, type ReleaseRecord, type Secret, secretName, toSecret } from './record.ts'

const SECRETS: Resource<Secret> = { group: '', version: 'v1', resource: 'secrets', kind: 'Secret', namespaced: true }
const PAGE = 100

export class ReleaseStore {
  private readonly client: Client
  private readonly namespace: string | undefined
  private readonly now: () => Date

  /** Without a namespace only `all` works. */
  constructor(client: Client, namespace: string | undefined, now: () => Date) {
    this.client = client
    this.namespace = namespace
    this.now = now
  }

  /** Every revision that a selector allows, newest last. */
  private async select(labels: string): Promise<ReleaseRecord[]> {
    const records: ReleaseRecord[] = []
    let next: string | undefined
    do {
      const page = await this.client.list(SECRETS, {
        namespace: this.namespace,
        labelSelector: `owner=helm${labels}`,
        limit: PAGE,
        ...(next ? { continue: next } : {}),
      })
      for (const s of page.items) records.push(fromSecret(s))
      next = page.metadata?.continue || undefined
    } while (next)
    return records.sort((a, b) => a.version - b.version)
  }

  /** All revisions of a release, oldest first; none when there is no such release. */
  history(name: string): Promise<ReleaseRecord[]> {
    return this.select(`,name=${name}`)
  }

  /** Every revision of every release, of those whose Secrets a selector allows. */
  every(labelSelector?: string): Promise<ReleaseRecord[]> {
    return this.select(labelSelector ? `,${labelSelector}` : '')
  }

  /** The newest revision of every release, of those whose Secrets a selector allows. */
  async newest(labelSelector?: string): Promise<ReleaseRecord[]> {
    const found = new Map<string, ReleaseRecord>()
    for (const r of await this.every(labelSelector)) found.set(`${r.namespace}/${r.name}`, r)
    return [...found.values()].sort((a, b) => (`${a.namespace}/${a.name}` < `${b.namespace}/${b.name}` ? -1 : 1))
  }

  async last(name: string): Promise<ReleaseRecord> {
    const last = (await this.history(name)).at(-1)
    if (!last) throw new Error('release: not found')
    return last
  }

  async at(name: string, version: number): Promise<ReleaseRecord> {
    try {
      return fromSecret(await this.client.get(SECRETS, secretName(name, version), { namespace: this.namespace }))
    } catch (e) {
      if (e instanceof StatusError && e.code === 404) throw new Error(`release: not found: ${name} has no revision ${version}`)
      throw e
    }
  }

  async create(r: ReleaseRecord): Promise<void> {
    await this.client.create(SECRETS, toSecret(r, this.now()), { namespace: this.namespace })
  }

  async update(r: ReleaseRecord): Promise<void> {
    await this.client.update(SECRETS, toSecret(r, this.now()), { namespace: this.namespace })
  }

  async delete(r: ReleaseRecord): Promise<void> {
    await this.client.delete(SECRETS, secretName(r.name, r.version), { namespace: this.namespace })
  }
}
