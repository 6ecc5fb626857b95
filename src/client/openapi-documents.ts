import { StatusError } from '../apimachinery/status.ts'
import type { Client } from './client.ts'

interface Gvk {
  readonly group: string
  readonly version: string
  readonly kind: string
}
interface PublishedKind {
  readonly 'x-kubernetes-group-version-kind'?: readonly Gvk[]
}
interface Document<Schema> {
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema & PublishedKind>> }
}

const part = encodeURIComponent

/** A schema, and where its references lead. */
interface PublishedSchema<Schema> {
  readonly schema: Schema
  readonly refs: (ref: string) => Schema | undefined
}

/** The schemas that a server publishes (/openapi/v3), each group and version read once. */
export class OpenApiDocuments<Schema extends object> {
  readonly #client: Client
  readonly #documents = new Map<string, Promise<Document<Schema>>>()

  constructor(client: Client) {
    this.#client = client
  }

  /** undefined: nothing of that kind is published. */
  async schemaOf({ group, version, kind }: Gvk): Promise<PublishedSchema<Schema> | undefined> {
    const path = group === '' ? `/openapi/v3/api/${part(version)}` : `/openapi/v3/apis/${part(group)}/${part(version)}`
    const { components = {} } = await this.#document(path)
    const schemas = components.schemas ?? {}
    const isMeant = (schema: PublishedKind) =>
      schema['x-kubernetes-group-version-kind']?.some((k) => k.kind === kind && k.group === group && k.version === version)
    const schema = Object.values(schemas).find(isMeant)
    return schema && { schema, refs: (ref) => schemas[ref.replace('#/components/schemas/', '')] }
  }

  #document(path: string): Promise<Document<Schema>> {
    const known = this.#documents.get(path)
    if (known) return known
    const asked = this.#ask(path)
    this.#documents.set(path, asked)
    asked.catch(() => this.#documents.delete(path))
    return asked
  }

  async #ask(path: string): Promise<Document<Schema>> {
    const answer = await this.#client.raw({ method: 'GET', path, headers: { accept: 'application/json' } })
    const chunks: Uint8Array[] = []
    for await (const chunk of answer.body) chunks.push(chunk)
    const body = Buffer.concat(chunks).toString()
    if (answer.status === 404) return {}
    if (answer.status !== 200)
      throw new StatusError(answer.status, '', `${path} answered ${answer.status}: ${body.slice(0, 200)}`)
    return JSON.parse(body) as Document<Schema>
  }
}
