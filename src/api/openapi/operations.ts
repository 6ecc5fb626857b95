import type { GroupVersionKind, ServedResource } from '../registry/served.ts'
import type { Schema } from './definitions.ts'

/** One method of one path, before it is written as v2 or v3. */
export interface Operation {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  readonly id: string
  readonly description: string
  readonly action: string
  readonly gvk: GroupVersionKind
  readonly query: readonly string[]
  /** Definition names. */
  readonly body?: string
  readonly answer: string
  readonly successes: readonly number[]
}

export interface Path {
  readonly path: string
  readonly parameters: readonly string[]
  readonly operations: readonly Operation[]
}

const listQuery = [
  'allowWatchBookmarks',
  'continue',
  'fieldSelector',
  'labelSelector',
  'limit',
  'resourceVersion',
  'resourceVersionMatch',
  'sendInitialEvents',
  'timeoutSeconds',
  'watch',
]
const writeQuery = ['dryRun', 'fieldManager', 'fieldValidation']
const deleteQuery = ['dryRun', 'gracePeriodSeconds', 'orphanDependents', 'propagationPolicy']

/** Type and description of each query and path parameter. */
export const parameters: Readonly<Record<string, { type: string; in: 'query' | 'path'; description: string }>> = {
  allowWatchBookmarks: {
    type: 'boolean',
    in: 'query',
    description: 'Asks for events of type BOOKMARK, which tell how far the watch is.',
  },
  continue: { type: 'string', in: 'query', description: 'Where the last chunk of a list ended, as its metadata.continue said.' },
  fieldSelector: { type: 'string', in: 'query', description: 'Restricts the objects by their fields. Default: everything.' },
  labelSelector: { type: 'string', in: 'query', description: 'Restricts the objects by their labels. Default: everything.' },
  limit: {
    type: 'integer',
    in: 'query',
    description: 'The most objects that one answer may have; metadata.continue leads to the rest.',
  },
  resourceVersion: { type: 'string', in: 'query', description: 'Which state the request may be served from.' },
  resourceVersionMatch: { type: 'string', in: 'query', description: 'How resourceVersion is meant: Exact or NotOlderThan.' },
  sendInitialEvents: { type: 'boolean', in: 'query', description: 'Begins the watch with an event for each object there is.' },
  timeoutSeconds: { type: 'integer', in: 'query', description: 'How long the call may take, whatever happens.' },
  watch: { type: 'boolean', in: 'query', description: 'Answers with a stream of changes instead of a list.' },
  dryRun: { type: 'string', in: 'query', description: 'All: everything is done but the write itself.' },
  fieldManager: {
    type: 'string',
    in: 'query',
    description: 'Who makes the change, for metadata.managedFields. At most 128 printable characters.',
  },
  fieldValidation: {
    type: 'string',
    in: 'query',
    description: 'What unknown and duplicate fields do: Ignore, Warn (default) or Strict.',
  },
  force: { type: 'boolean', in: 'query', description: 'Takes over fields that others own. Only for apply.' },
  gracePeriodSeconds: { type: 'integer', in: 'query', description: 'Seconds before the object is removed; 0: at once.' },
  orphanDependents: { type: 'boolean', in: 'query', description: 'Deprecated: use propagationPolicy.' },
  propagationPolicy: {
    type: 'string',
    in: 'query',
    description: 'What happens to dependents: Orphan, Background or Foreground.',
  },
  pretty: { type: 'string', in: 'query', description: "If 'true', the answer is written for people to read." },
  name: { type: 'string', in: 'path', description: 'name of the object' },
  namespace: { type: 'string', in: 'path', description: 'object name and auth scope, such as for teams and projects' },
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** `CoreV1`, `AppsV1`. */
function tagOf({ group, version }: ServedResource): string {
  return capital(group === '' ? 'core' : (group.split('.')[0] ?? '')) + capital(version)
}

/** The paths of a resource. `names` gives the definitions of its kind and list. */
export function pathsOf(r: ServedResource, definition: (gvk: GroupVersionKind) => string): Path[] {
  const root = r.group === '' ? `/api/${r.version}` : `/apis/${r.group}/${r.version}`
  const within = r.namespaced ? `${root}/namespaces/{namespace}/${r.resource}` : `${root}/${r.resource}`
  const scope = r.namespaced ? ['namespace'] : []
  const make = maker(r, definition)
  const paths: Path[] = [{ path: within, parameters: [...scope, 'pretty'], operations: collection(r, make, definition) }]
  if (r.namespaced && r.verbs.has('list')) {
    const list = make('get', 'list', 'ForAllNamespaces', listQuery, definition({ ...r, kind: r.listKind }))
    paths.push({ path: `${root}/${r.resource}`, parameters: ['pretty'], operations: [list] })
  }
  if (r.verbs.has('get')) {
    paths.push({ path: `${within}/{name}`, parameters: ['name', ...scope, 'pretty'], operations: item(r, make, definition) })
  }
  for (const s of r.subresources.values()) {
    const operations = subresource(r, s.name, s.verbs, s.kind, definition)
    if (operations.length > 0)
      paths.push({ path: `${within}/{name}/${s.name}`, parameters: ['name', ...scope, 'pretty'], operations })
  }
  return paths.filter((p) => p.operations.length > 0)
}

type Make = (
  method: Operation['method'],
  action: string,
  suffix: string,
  query: readonly string[],
  answer: string,
  body?: string,
) => Operation

function maker(r: ServedResource, definition: (gvk: GroupVersionKind) => string): Make {
  const tag = tagOf(r)
  const scope = r.namespaced ? 'Namespaced' : ''
  const verbs: Record<string, string> = {
    get: 'read',
    list: 'list',
    post: 'create',
    put: 'replace',
    patch: 'patch',
    delete: 'delete',
    deletecollection: 'deleteCollection',
  }
  return (method, action, suffix, query, answer, body) => ({
    method,
    id: `${verbs[action] ?? action}${tag}${suffix.startsWith('For') ? '' : scope}${r.kind}${suffix}`,
    description: `${action} ${suffix ? `${suffix} of ` : ''}${r.kind}`,
    action,
    gvk: { group: r.group, version: r.version, kind: r.kind },
    query,
    ...(body === undefined ? {} : { body }),
    answer: answer || definition(r),
    successes: method === 'post' ? [200, 201, 202] : method === 'put' || method === 'patch' ? [200, 201] : [200],
  })
}

const statusDefinition = 'io.k8s.apimachinery.pkg.apis.meta.v1.Status'
const deleteOptionsDefinition = 'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions'
const patchDefinition = 'io.k8s.apimachinery.pkg.apis.meta.v1.Patch'

function collection(r: ServedResource, make: Make, definition: (gvk: GroupVersionKind) => string): Operation[] {
  const own = definition(r)
  const operations: Operation[] = []
  if (r.verbs.has('list')) operations.push(make('get', 'list', '', listQuery, definition({ ...r, kind: r.listKind })))
  if (r.verbs.has('create')) operations.push(make('post', 'post', '', writeQuery, own, own))
  if (r.verbs.has('deletecollection')) {
    const query = [...new Set([...deleteQuery, ...listQuery.filter((q) => q !== 'watch' && q !== 'allowWatchBookmarks')])]
    operations.push(make('delete', 'deletecollection', '', query, statusDefinition, deleteOptionsDefinition))
  }
  return operations
}

function item(r: ServedResource, make: Make, definition: (gvk: GroupVersionKind) => string): Operation[] {
  const own = definition(r)
  const operations: Operation[] = [make('get', 'get', '', [], own)]
  if (r.verbs.has('update')) operations.push(make('put', 'put', '', writeQuery, own, own))
  if (r.verbs.has('patch')) operations.push(make('patch', 'patch', '', [...writeQuery, 'force'], own, patchDefinition))
  if (r.verbs.has('delete')) operations.push(make('delete', 'delete', '', deleteQuery, statusDefinition, deleteOptionsDefinition))
  return operations
}

function subresource(
  r: ServedResource,
  name: string,
  verbs: ReadonlySet<string>,
  kind: GroupVersionKind,
  definition: (gvk: GroupVersionKind) => string,
): Operation[] {
  const own = definition(kind)
  const make = maker(r, definition)
  const suffix = capital(name)
  const as = (o: Operation): Operation => ({ ...o, gvk: kind })
  const operations: Operation[] = []
  if (verbs.has('get')) operations.push(as(make('get', 'get', suffix, [], own)))
  if (verbs.has('create') && own) operations.push(as(make('post', 'post', suffix, writeQuery, own, own)))
  if (verbs.has('update') && own) operations.push(as(make('put', 'put', suffix, writeQuery, own, own)))
  if (verbs.has('patch') && own)
    operations.push(as(make('patch', 'patch', suffix, [...writeQuery, 'force'], own, patchDefinition)))
  return operations
}

/** Media types of a body, by method. */
export function consumes(method: Operation['method'], isCustom: boolean): string[] {
  if (method !== 'patch') return isCustom ? ['application/json', 'application/yaml'] : ['*/*']
  const types = ['application/apply-patch+yaml', 'application/json-patch+json', 'application/merge-patch+json']
  return isCustom ? types : [...types, 'application/strategic-merge-patch+json']
}

export const schemaOfType = (type: string): Schema => ({ type, uniqueItems: true })
