import type { UserInfo } from '../request.ts'

/** What is asked for (k8s.io/apiserver/pkg/authorization/authorizer Attributes). */
export interface Attributes {
  readonly user: UserInfo
  /** get list watch create update patch delete deletecollection, use bind escalate impersonate approve sign…; for paths the lower-case HTTP method. */
  readonly verb: string
  /** Set for a resource request; else `path` is. */
  readonly resource?: {
    readonly group: string
    readonly version: string
    readonly resource: string
    readonly subresource: string
    readonly namespace: string
    readonly name: string
    /** The request's fieldSelector, as sent: nodes may list only pods selected by their own name. */
    readonly fieldSelector?: string
    readonly labelSelector?: string
  }
  readonly path?: string
}

export interface Decision {
  readonly allowed: boolean
  /** No authorizer after this one may allow it either. */
  readonly denied?: boolean
  /** Why, as SubjectAccessReview and audit show it, e.g. `RBAC: allowed by ClusterRoleBinding "x" of ClusterRole "y" to Group "z"`. */
  readonly reason: string
  /** An authorizer could not do its part: a request that nobody allows fails by this instead of being forbidden. */
  readonly error?: string
}

export type Authorize = (attributes: Attributes) => Decision | Promise<Decision>
