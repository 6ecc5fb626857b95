import type { Unstructured } from '../apimachinery/object.ts'
import { apiVersionOf, parseApiVersion, type Resource } from '../apimachinery/resource.ts'
import { StatusError } from '../apimachinery/status.ts'
import type { Client } from './client.ts'

interface ResourceList {
  readonly resources: readonly { readonly name: string; readonly kind: string; readonly namespaced: boolean }[]
}

/** Which resource serves a kind (as client-go's RESTMapper): asks discovery once per group version, again when a kind is not known. */
export class RestMapper {
  readonly #client: Client
  readonly #versions = new Map<string, Promise<ReadonlyMap<string, Resource<Unstructured>>>>()

  constructor(client: Client) {
    this.#client = client
  }

  /** The resource of an object's apiVersion and kind; undefined when the cluster does not serve it. */
  async resourceOf(apiVersion: string, kind: string): Promise<Resource<Unstructured> | undefined> {
    const known = (await this.#version(apiVersion)).get(kind)
    if (known) return known
    // A CustomResourceDefinition may have come since.
    this.#versions.delete(apiVersion)
    return (await this.#version(apiVersion)).get(kind)
  }

  /** The resource of that name in a group's version; undefined when the cluster does not serve it. */
  async resourceNamed(apiVersion: string, name: string): Promise<Resource<Unstructured> | undefined> {
    return [...(await this.#version(apiVersion)).values()].find(({ resource }) => resource === name)
  }

  #version(apiVersion: string): Promise<ReadonlyMap<string, Resource<Unstructured>>> {
    let found = this.#versions.get(apiVersion)
    if (!found) {
      found = this.#discover(apiVersion)
      this.#versions.set(apiVersion, found)
      found.catch(() => this.#versions.delete(apiVersion))
    }
    return found
  }

  async #discover(apiVersion: string): Promise<ReadonlyMap<string, Resource<Unstructured>>> {
    const { group, version } = parseApiVersion(apiVersion)
    const path =
      group === '' ? `/api/${encodeURIComponent(version)}` : `/apis/${encodeURIComponent(group)}/${encodeURIComponent(version)}`
    const answer = await this.#client.raw({ method: 'GET', path, headers: { accept: 'application/json' } })
    const chunks: Uint8Array[] = []
    for await (const chunk of answer.body) chunks.push(chunk)
    const text = Buffer.concat(chunks).toString()
    if (answer.status === 404) return new Map()
    if (answer.status !== 200)
      throw new StatusError(answer.status, '', `discovery of ${apiVersionOf({ group, version })} failed: ${text.slice(0, 200)}`)
    const list = JSON.parse(text) as ResourceList
    const plain = list.resources.filter((r) => !r.name.includes('/'))
    return new Map(plain.map((r) => [r.kind, { group, version, resource: r.name, kind: r.kind, namespaced: r.namespaced }]))
  }
}
