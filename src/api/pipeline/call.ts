import type { Clock } from '../../apimachinery/clock.ts'
import type { KubeObject, ListMeta } from '../../apimachinery/object.ts'
import type { Status, StatusError } from '../../apimachinery/status.ts'
import type { Change, Store } from '../../store/store.ts'
import type { AdmissionPlugin } from '../admission/admission.ts'
import type { Aggregator } from '../aggregation/aggregator.ts'
import type { Audit } from '../audit/audit.ts'
import type { Trail } from '../audit/trail.ts'
import type { AdmissionMetrics } from '../health/admission-metrics.ts'
import type { RequestMetrics } from '../health/request-metrics.ts'
import type { StorageMetrics } from '../health/storage-metrics.ts'
import type { Accepted } from '../negotiation/accept.ts'
import type { Objects } from '../objects.ts'
import type { KubeletCredentials } from '../proxy/forward.ts'
import type { Registry } from '../registry/registry.ts'
import type { Column, GroupVersionKind, ServedResource } from '../registry/served.ts'
import type { ApiRequest, ApiResponse, UserInfo } from '../request.ts'
import type { TokenWindow } from '../verbs/token-window.ts'
import type { Caches } from '../watch/caches.ts'
import type { Stored } from '../watch/stored.ts'
import type { WatchView } from '../watch/watch-view.ts'
import type { Deadline } from './deadline.ts'
import type { Latencies } from './latencies.ts'
import type { RequestInfo } from './request-info.ts'
import type { Security } from './security.ts'

/** What every request works with. */
export interface Core {
  /** What /metrics tells of open streams, and of writes. */
  readonly requests: RequestMetrics
  readonly storage: StorageMetrics
  readonly store: Store
  readonly caches: Caches
  readonly registry: Registry
  readonly objects: Objects
  readonly security: Security
  readonly clock: Clock
  /** How long lists may be continued. */
  readonly tokens: TokenWindow
  readonly audit?: Audit
  /** How the API server shows itself to kubelets; without it there are no logs and no exec. */
  readonly kubelet?: KubeletCredentials
  /** The other API servers that APIServices lead to; undefined: there can be none. */
  readonly aggregator?: Aggregator | undefined
  /** A watch of a client begins; gives back how it ends. */
  readonly onWatch: (info: RequestInfo, query: URLSearchParams) => () => void
  readonly admissionMetrics: AdmissionMetrics
  /** In order; a plugin may come later than the core. */
  readonly admission: readonly AdmissionPlugin[]
  /** What happens around one kind besides its strategy: service addresses, role escalation. By `group/resource`. */
  readonly hooks: ReadonlyMap<string, WriteHooks>
}

/** What a kind needs around its writes that looks at other objects or claims something together with the write. */
export interface WriteHooks {
  /** After mutation and before validation; may change `object`. */
  readonly prepare?: (write: HookedWrite) => void | Promise<void>
  /** After validation. The changes are committed with the object, all or nothing. */
  readonly claim?: (write: HookedWrite) => Claim | undefined | Promise<Claim | undefined>
}

export interface HookedWrite {
  readonly call: Call
  readonly operation: 'create' | 'update' | 'delete'
  readonly object: KubeObject
  readonly old: KubeObject | undefined
  readonly dryRun: boolean
}

export interface Claim {
  /** Committed with the object. A Conflict on one of their keys means that another server took it: the claim is made again. */
  readonly changes?: readonly Change[]
  /** Called when the write succeeded, or with false when it did not. */
  settle(done: boolean): void
}

/** How large the largest is that a request works on: its body, or what it changes. What is large is done in turns of the event loop. */
export interface Bulk {
  bytes: number
}

/** One request on its way. */
export interface Call {
  readonly core: Core
  readonly request: ApiRequest
  readonly info: RequestInfo
  readonly user: UserInfo
  readonly resource: ServedResource
  readonly accept: Accepted
  readonly latencies: Latencies
  readonly bulk: Bulk
  /** Texts of `Warning: 299` headers, without repetition. */
  readonly warnings: Set<string>
  /** Nothing is written after it. */
  readonly deadline: Deadline | undefined
  /** When the request is audited. */
  readonly trail?: Trail
}

/** How an object that is not stored as such is shown as a Table. */
export interface RowTable {
  readonly columns: readonly Column[]
  readonly cells: readonly unknown[]
}

/** What a verb gives back; `encode` makes the response of it. */
export type Answer =
  | { readonly kind: 'stored'; readonly status: number; readonly stored: Stored }
  | {
      readonly kind: 'object'
      readonly status: number
      readonly object: KubeObject | Status
      readonly gvk: GroupVersionKind
      readonly table?: RowTable
    }
  | { readonly kind: 'list'; readonly items: readonly Stored[]; readonly metadata: ListMeta }
  | { readonly kind: 'watch'; readonly view: WatchView; readonly timeoutMs: number }
  /** Told in the stream, as its only event. */
  | { readonly kind: 'refused-watch'; readonly error: StatusError }
  | { readonly kind: 'response'; readonly response: ApiResponse }

export type Verb = (call: Call) => Answer | Promise<Answer>
