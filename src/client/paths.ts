import { apiVersionOf, pathOf, type Resource } from '../apimachinery/resource.ts'
import type { ApplyOptions, DeleteOptions, ListOptions, Patch, Target, WatchOptions, WriteOptions } from './client.ts'

/** A request of a typed call, before a transport sends it: the same for all transports. */
export interface Prepared {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string>>
  readonly body?: object
  readonly signal: AbortSignal | undefined
}

const set = (query: URLSearchParams, name: string, value: string | number | boolean | undefined): void => {
  if (value !== undefined && value !== '') query.set(name, String(value))
}

function selection(options: ListOptions): URLSearchParams {
  const query = new URLSearchParams()
  for (const name of [
    'labelSelector',
    'fieldSelector',
    'limit',
    'continue',
    'resourceVersion',
    'resourceVersionMatch',
  ] as const) {
    set(query, name, options[name])
  }
  return query
}

const partial = (as: string): Readonly<Record<string, string>> => ({ accept: `application/json;as=${as};g=meta.k8s.io;v=v1` })

const noQuery = (): URLSearchParams => new URLSearchParams()
const json = { 'content-type': 'application/json' }

export function prepareGet(r: Resource<never>, name: string, target: Target & { resourceVersion?: string } = {}): Prepared {
  const query = noQuery()
  set(query, 'resourceVersion', target.resourceVersion)
  return { method: 'GET', path: pathOf(r, target.namespace, name, target.subresource), query, headers: {}, signal: target.signal }
}

export function prepareList(r: Resource<never>, options: ListOptions = {}): Prepared {
  const path = pathOf(r, options.namespace, undefined, options.subresource)
  const headers = options.metadataOnly ? partial('PartialObjectMetadataList') : {}
  return { method: 'GET', path, query: selection(options), headers, signal: options.signal }
}

export function prepareWatch(r: Resource<never>, options: WatchOptions = {}): Prepared {
  const query = selection(options)
  query.set('watch', 'true')
  set(query, 'allowWatchBookmarks', options.allowWatchBookmarks)
  set(query, 'sendInitialEvents', options.sendInitialEvents)
  set(query, 'timeoutSeconds', options.timeoutSeconds)
  const headers = options.metadataOnly ? partial('PartialObjectMetadata') : {}
  return { method: 'GET', path: pathOf(r, options.namespace), query, headers, signal: options.signal }
}

function writing(options: WriteOptions): URLSearchParams {
  const query = noQuery()
  if (options.dryRun) query.set('dryRun', 'All')
  set(query, 'fieldManager', options.fieldManager)
  set(query, 'fieldValidation', options.fieldValidation)
  return query
}

interface Named {
  readonly metadata?: { readonly name?: string; readonly namespace?: string } | undefined
}

export function prepareCreate(r: Resource<never>, object: Named, options: WriteOptions & { name?: string } = {}): Prepared {
  const namespace = options.namespace ?? object.metadata?.namespace
  const name = options.subresource ? (options.name ?? object.metadata?.name ?? '') : undefined
  const path = pathOf(r, namespace, name, options.subresource)
  const body = options.subresource ? object : identified(r, object)
  return { method: 'POST', path, query: writing(options), headers: json, body, signal: options.signal }
}

export function prepareUpdate(r: Resource<never>, object: Named, options: WriteOptions = {}): Prepared {
  const namespace = options.namespace ?? object.metadata?.namespace
  const path = pathOf(r, namespace, object.metadata?.name ?? '', options.subresource)
  const body = options.subresource === 'scale' ? object : identified(r, object)
  return { method: 'PUT', path, query: writing(options), headers: json, body, signal: options.signal }
}

const patchTypes = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  json: 'application/json-patch+json',
} as const

export function preparePatch(r: Resource<never>, name: string, patch: Patch, options: WriteOptions = {}): Prepared {
  const path = pathOf(r, options.namespace, name, options.subresource)
  const headers = { 'content-type': patchTypes[patch.type] }
  return { method: 'PATCH', path, query: writing(options), headers, body: patch.body, signal: options.signal }
}

export function prepareApply(r: Resource<never>, object: Named, options: ApplyOptions): Prepared {
  const namespace = options.namespace ?? object.metadata?.namespace
  const query = writing(options)
  if (options.force !== undefined) query.set('force', String(options.force))
  const path = pathOf(r, namespace, object.metadata?.name ?? '', options.subresource)
  const headers = { 'content-type': 'application/apply-patch+yaml' }
  return { method: 'PATCH', path, query, headers, body: identified(r, object), signal: options.signal }
}

function deletion(options: DeleteOptions): object {
  const { gracePeriodSeconds, propagationPolicy, preconditions, dryRun } = options
  return {
    kind: 'DeleteOptions',
    apiVersion: 'v1',
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(propagationPolicy ? { propagationPolicy } : {}),
    ...(preconditions ? { preconditions } : {}),
    ...(dryRun ? { dryRun: ['All'] } : {}),
  }
}

export function prepareDelete(r: Resource<never>, name: string, options: DeleteOptions = {}): Prepared {
  const path = pathOf(r, options.namespace, name, options.subresource)
  return { method: 'DELETE', path, query: noQuery(), headers: json, body: deletion(options), signal: options.signal }
}

export function prepareDeleteCollection(r: Resource<never>, options: ListOptions & DeleteOptions = {}): Prepared {
  const path = pathOf(r, options.namespace)
  return { method: 'DELETE', path, query: selection(options), headers: json, body: deletion(options), signal: options.signal }
}

/** With the apiVersion and kind that its resource has. */
function identified(r: Resource<never>, object: object): object {
  return { ...object, apiVersion: apiVersionOf(r), kind: r.kind }
}
