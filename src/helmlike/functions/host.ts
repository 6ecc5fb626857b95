// What contextual functions find around a render: time, randomness, the cluster.
import type { Run } from '../gotemplate/run.ts'
import type { Value } from '../gotemplate/value.ts'

export interface Host {
  now(): Date
  /** Bytes fit for secrets. */
  randomBytes(count: number): Buffer
  /** lookup of an object or, with an empty name, a list; an empty map where nothing is found or no cluster is asked. */
  lookup(apiVersion: string, kind: string, namespace: string, name: string): Value
  /** An address of a host; '' where DNS is not allowed. */
  hostByName(name: string): string
  /** `required` and `fail` only warn (lint). */
  readonly lint: boolean
  warn(message: string): void
}
export type HostRun = Run<Host>
