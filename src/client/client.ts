import type { WatchEvent } from '../api/request.ts'
import type { KubeObject, ObjectList } from '../apimachinery/object.ts'
import type { Resource } from '../apimachinery/resource.ts'

/** Where in the resource: `namespace` for namespaced resources (absent in list/watch: all), `subresource` such as `status`. */
export interface Target {
  readonly namespace?: string | undefined
  readonly subresource?: string
  readonly signal?: AbortSignal
}

export interface ListOptions extends Target {
  readonly labelSelector?: string
  readonly fieldSelector?: string
  readonly limit?: number
  readonly continue?: string
  readonly resourceVersion?: string
  readonly resourceVersionMatch?: 'Exact' | 'NotOlderThan'
  /** Only the objects' metadata (PartialObjectMetadata). */
  readonly metadataOnly?: boolean
}

export interface WatchOptions extends ListOptions {
  readonly allowWatchBookmarks?: boolean
  readonly sendInitialEvents?: boolean
  readonly timeoutSeconds?: number
}

export interface WriteOptions extends Target {
  readonly dryRun?: boolean
  readonly fieldManager?: string
  readonly fieldValidation?: 'Ignore' | 'Warn' | 'Strict'
}

export interface ApplyOptions extends WriteOptions {
  readonly fieldManager: string
  readonly force?: boolean
}

export interface DeleteOptions extends Target {
  readonly gracePeriodSeconds?: number
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string }
  readonly dryRun?: boolean
}

/** A patch and its media type. */
export type Patch =
  | { readonly type: 'merge'; readonly body: object }
  | { readonly type: 'strategic'; readonly body: object }
  | { readonly type: 'json'; readonly body: readonly object[] }

export interface RawRequest {
  readonly method: string
  /** Path and query below the server's root. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | object
  readonly signal?: AbortSignal
}

export interface RawResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: AsyncIterable<Uint8Array>
}

/**
 * A connection to a Kubernetes API. Two transports behave the same: in process (`inProcessClient`) and HTTPS (`httpsClient`).
 * Every method throws StatusError for an error answer. What is returned may be shared and frozen: copy before you change it.
 */
export interface Client {
  get<T extends KubeObject>(
    resource: Resource<T>,
    name: string,
    target?: Target & { readonly resourceVersion?: string },
  ): Promise<T>
  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<ObjectList<T>>
  /** Batches of events until the server ends the watch or `signal` aborts (then it ends without an error). An ERROR event throws. */
  watch<T extends KubeObject>(resource: Resource<T>, options?: WatchOptions): AsyncIterable<readonly WatchEvent<T>[]>
  /** With `subresource` (e.g. binding, eviction, token) `name` says of which object; the answer may be of another kind. */
  create<T extends KubeObject>(resource: Resource<T>, object: T, options?: WriteOptions & { readonly name?: string }): Promise<T>
  update<T extends KubeObject>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<T>
  patch<T extends KubeObject>(resource: Resource<T>, name: string, patch: Patch, options?: WriteOptions): Promise<T>
  /** Server-side apply. `object` needs metadata.name (and namespace); apiVersion and kind are filled in from `resource`. */
  apply<T extends KubeObject>(resource: Resource<T>, object: T, options: ApplyOptions): Promise<T>
  delete<T extends KubeObject>(resource: Resource<T>, name: string, options?: DeleteOptions): Promise<void>
  deleteCollection<T extends KubeObject>(resource: Resource<T>, options?: ListOptions & DeleteOptions): Promise<void>
  /** Any other path: logs, discovery, metrics. Never throws for an error status. */
  raw(request: RawRequest): Promise<RawResponse>
}
