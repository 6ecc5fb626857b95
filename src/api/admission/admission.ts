import type { KubeObject } from '../../apimachinery/object.ts'
import type { Level } from '../audit/policy.ts'
import type { AlsoServed } from '../registry/served.ts'
import type { UserInfo } from '../request.ts'

/** One write on its way to the store, between decoding and validation (k8s.io/apiserver/pkg/admission Attributes). */
export interface AdmissionRequest {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT'
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly subresource: string
  readonly kind: string
  /** Group and version of `kind`, when they are not the resource's (Scale, Eviction, TokenRequest). */
  readonly kindVersion?: { readonly group: string; readonly version: string }
  /** The versions besides `version` in which the objects of a custom kind are served. */
  readonly alsoServed?: AlsoServed
  readonly namespace: string | undefined
  /** May be '' for a create with generateName until the name is made. */
  readonly name: string
  /** A private copy that `mutate` may change in place; undefined for DELETE. */
  readonly object: KubeObject | undefined
  /** Frozen; undefined for CREATE. */
  readonly oldObject: KubeObject | undefined
  /** CreateOptions, UpdateOptions or DeleteOptions; null for a CONNECT, whose options are its object. */
  readonly options: Readonly<Record<string, unknown>> | null
  readonly dryRun: boolean
  readonly user: UserInfo
  /** Adds a `Warning: 299` header to the answer. */
  warn(message: string): void
  /** Who is asked has until then (ms from now); absent: as long as it likes. */
  readonly deadline?: { readonly leftMs: number }
  /** So long (ms) a webhook took; validating ones are asked side by side. */
  readonly waited?: (ms: number, step: 'admit' | 'validating') => void
  /** Something made more of the object: so many bytes (characters) came from elsewhere than the client. */
  readonly grown?: (bytes: number) => void
  /** Leaves an annotation in the audit log, from `level` (default Metadata) on; absent when the request is not audited. */
  readonly annotate?: (key: string, value: string, level?: Level) => void
}

/** A step of the chain. Refuses by throwing StatusError. */
export interface AdmissionPlugin {
  /** As kube-apiserver's --enable-admission-plugins names it. */
  readonly name: string
  readonly mutate?: (request: AdmissionRequest) => void | Promise<void>
  /** Runs after all mutation and after the object was validated. */
  readonly validate?: (request: AdmissionRequest) => void | Promise<void>
}
