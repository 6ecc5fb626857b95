import type { GroupVersionKind, ServedResource, ServedSubresource } from '../registry/served.ts'
import {
  article,
  capital,
  type DefinitionOf,
  deleteOptionsDefinition,
  idAndTag,
  type Method,
  type Operation,
  type Path,
  patchDefinition,
  pathKeys,
  pathOf,
  statusDefinition,
  watchEventDefinition,
} from './operations.ts'
import { optionsOf, sharedKey } from './parameters.ts'

const mediaTypes = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']
const streamTypes = [...mediaTypes, 'application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch']
const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
]

/** Subresources that are connections (rest.Connecter), with the methods they take; a proxy has paths below it. */
const streams: readonly Method[] = ['get', 'post']
const all: readonly Method[] = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch']
const connects: Readonly<Record<string, readonly Method[]>> = {
  attach: streams,
  exec: streams,
  portforward: streams,
  proxy: all,
}

/** Kinds whose storage answers a deletion with the object (rest.MayReturnFullObjectDeleter). */
const answeringDeletion = new Set([
  '/PersistentVolume',
  '/PersistentVolumeClaim',
  '/Pod',
  '/PodTemplate',
  '/ResourceQuota',
  '/Service',
  '/ServiceAccount',
  'resource.k8s.io/DeviceClass',
  'resource.k8s.io/ResourceClaim',
  'resource.k8s.io/ResourceClaimTemplate',
  'resource.k8s.io/ResourceSlice',
  'storage.k8s.io/CSIDriver',
  'storage.k8s.io/CSINode',
  'storage.k8s.io/StorageClass',
  'storage.k8s.io/VolumeAttachment',
  'storage.k8s.io/VolumeAttributesClass',
])

const watchHint = "deprecated: use the 'watch' parameter with a list operation instead"

/** One operation before its path is known: what differs from the read of a media type. */
interface Parts {
  readonly verb: string
  readonly description: string
  readonly suffix?: string
  readonly isEverywhere?: boolean
  readonly options?: readonly string[]
  readonly gvk?: GroupVersionKind
  readonly body?: Operation['body']
  readonly answer: string
  readonly successes?: readonly number[]
  readonly consumes?: readonly string[]
  readonly produces?: readonly string[]
  readonly isPretty?: boolean
}

type Make = (path: string, method: Method, action: string, parts: Parts) => Operation

/** The operations of `r` by the rules of k8s.io/apiserver's installer (registerResourceHandlers). */
function maker(r: ServedResource): Make {
  return (path, method, action, parts) => {
    const { verb, description, suffix = '', options = [], body, isEverywhere = false, isPretty = true } = parts
    const scope = r.namespaced && !isEverywhere ? 'Namespaced' : ''
    return {
      method,
      ...idAndTag(`${verb}${scope}${r.kind}${suffix}`, path),
      description,
      action,
      gvk: parts.gvk ?? { group: r.group, version: r.version, kind: r.kind },
      parameters: [
        ...(isPretty ? [sharedKey('pretty', 'query')] : []),
        ...options,
        ...pathKeys(path, sharedKey('namespace', 'path')),
        ...(path.endsWith('{path}') ? [sharedKey('path', 'path')] : []),
      ],
      ...(body ? { body } : {}),
      answer: parts.answer,
      successes: parts.successes ?? [200],
      consumes: parts.consumes ?? ['*/*'],
      produces: parts.produces ?? mediaTypes,
    }
  }
}

/** The paths of a built-in resource. `definition` gives the definitions of its kind and list. */
export function builtInPaths(r: ServedResource, definition: DefinitionOf): Path[] {
  const root = r.group === '' ? `/api/${r.version}` : `/apis/${r.group}/${r.version}`
  const within = r.namespaced ? `/namespaces/{namespace}/${r.resource}` : `/${r.resource}`
  const make = maker(r)
  const everywhere = r.namespaced && r.verbs.has('list')
  const found: Record<string, Operation[]> = {
    [root + within]: collection(r, make, root + within, definition),
    ...(everywhere ? { [`${root}/${r.resource}`]: [listing(r, make, `${root}/${r.resource}`, definition, true)] } : {}),
    ...(r.verbs.has('watch') ? watches(r, make, root, within) : {}),
    [`${root}${within}/{name}`]: item(r, make, `${root}${within}/{name}`, definition),
  }
  const own = Object.entries(found).map(([path, operations]) => pathOf(path, r.kind, operations))
  const others = [...r.subresources.values()].flatMap((s) =>
    subresource(r, s, make, `${root}${within}/{name}/${s.name}`, definition),
  )
  return [...own, ...others].filter((p) => p.operations.length > 0)
}

function listing(r: ServedResource, make: Make, path: string, definition: DefinitionOf, isEverywhere: boolean): Operation {
  return make(path, 'get', 'list', {
    verb: 'list',
    description: `${r.verbs.has('watch') ? 'list or watch' : 'list'} objects of kind ${r.kind}`,
    options: optionsOf('ListOptions'),
    answer: definition({ ...r, kind: r.listKind }),
    produces: streamTypes,
    ...(isEverywhere ? { isEverywhere, suffix: 'ForAllNamespaces' } : {}),
  })
}

function collection(r: ServedResource, make: Make, path: string, definition: DefinitionOf): Operation[] {
  const operations: Operation[] = []
  if (r.verbs.has('list')) operations.push(listing(r, make, path, definition, false))
  if (r.verbs.has('create')) operations.push(creation(make, path, `create${article(r.kind)}${r.kind}`, '', definition(r)))
  if (r.verbs.has('deletecollection')) {
    const list = optionsOf('ListOptions').filter((key) => !/^(?:watch|allowWatchBookmarks)-/.test(key))
    operations.push(
      make(path, 'delete', 'deletecollection', {
        verb: 'deletecollection',
        description: `delete collection of ${r.kind}`,
        options: [...optionsOf('DeleteOptions'), ...list],
        body: { definition: deleteOptionsDefinition, isRequired: false },
        answer: statusDefinition,
      }),
    )
  }
  return operations
}

function creation(make: Make, path: string, description: string, suffix: string, own: string, gvk?: GroupVersionKind): Operation {
  return make(path, 'post', 'post', {
    verb: 'create',
    description,
    suffix,
    options: optionsOf('CreateOptions'),
    body: { definition: own, isRequired: true },
    answer: own,
    successes: [200, 201, 202],
    ...(gvk ? { gvk } : {}),
  })
}

/** The paths under /watch/, deprecated since 1.11, which clients still know. */
function watches(r: ServedResource, make: Make, root: string, within: string): Record<string, Operation[]> {
  const watch = (path: string, action: string, description: string, suffix: string, isEverywhere: boolean): Operation =>
    make(path, 'get', action, {
      verb: 'watch',
      description,
      suffix,
      isEverywhere,
      options: optionsOf('ListOptions'),
      answer: watchEventDefinition,
      produces: streamTypes,
    })
  const list = `watch individual changes to a list of ${r.kind}. ${watchHint}.`
  const one = `watch changes to an object of kind ${r.kind}. ${watchHint}, filtered to a single item with the 'fieldSelector' parameter.`
  const [all, item, everywhere] = [`${root}/watch${within}`, `${root}/watch${within}/{name}`, `${root}/watch/${r.resource}`]
  return {
    [all]: [watch(all, 'watchlist', list, 'List', false)],
    [item]: [watch(item, 'watch', one, '', false)],
    ...(r.namespaced ? { [everywhere]: [watch(everywhere, 'watchlist', list, 'ListForAllNamespaces', true)] } : {}),
  }
}

function item(r: ServedResource, make: Make, path: string, definition: DefinitionOf): Operation[] {
  if (!r.verbs.has('get')) return []
  const own = definition(r)
  const operations = changes(make, path, { own, of: `the specified ${r.kind}`, suffix: '', verbs: r.verbs })
  if (r.verbs.has('delete')) {
    operations.push(
      make(path, 'delete', 'delete', {
        verb: 'delete',
        description: `delete${article(r.kind)}${r.kind}`,
        options: optionsOf('DeleteOptions'),
        body: { definition: deleteOptionsDefinition, isRequired: false },
        answer: answeringDeletion.has(`${r.group}/${r.kind}`) ? own : statusDefinition,
        successes: [200, 202],
      }),
    )
  }
  return operations
}

interface Changed {
  readonly own: string
  /** `the specified Pod`, `status of the specified Pod` */
  readonly of: string
  readonly suffix: string
  readonly verbs: ReadonlySet<string>
  readonly gvk?: GroupVersionKind
}

/** Reading, replacing and patching one object, or a part of it. */
function changes(make: Make, path: string, { own, of, suffix, verbs, gvk }: Changed): Operation[] {
  const kind = gvk ? { gvk } : {}
  const operations: Operation[] = []
  if (verbs.has('get'))
    operations.push(make(path, 'get', 'get', { verb: 'read', description: `read ${of}`, suffix, answer: own, ...kind }))
  if (verbs.has('update')) {
    const body = { definition: own, isRequired: true }
    const options = optionsOf('CreateOptions')
    const rest = { suffix, options, body, answer: own, successes: [200, 201], ...kind }
    operations.push(make(path, 'put', 'put', { verb: 'replace', description: `replace ${of}`, ...rest }))
  }
  if (verbs.has('patch')) {
    const body = { definition: patchDefinition, isRequired: true }
    const options = optionsOf('PatchOptions')
    const rest = { suffix, options, body, answer: own, successes: [200, 201], consumes: patchTypes, ...kind }
    operations.push(make(path, 'patch', 'patch', { verb: 'patch', description: `partially update ${of}`, ...rest }))
  }
  return operations
}

function subresource(r: ServedResource, s: ServedSubresource, make: Make, path: string, definition: DefinitionOf): Path[] {
  if (Object.hasOwn(connects, s.name)) return connections(r, s, make, path)
  const suffix = capital(s.name)
  if (s.name === 'log') {
    const read = make(path, 'get', 'get', {
      verb: 'read',
      description: `read log of the specified ${r.kind}`,
      suffix,
      options: optionsOf('PodLogOptions'),
      answer: '',
      produces: ['text/plain', ...mediaTypes],
    })
    return [pathOf(path, r.kind, [read])]
  }
  const own = definition(s.kind)
  const of = `${s.name} of the specified ${r.kind}`
  const operations = changes(make, path, { own, of, suffix, verbs: s.verbs, gvk: s.kind })
  if (s.verbs.has('create')) {
    operations.push(creation(make, path, `create ${s.name} of${article(r.kind)}${r.kind}`, suffix, own, s.kind))
  }
  return [pathOf(path, s.kind.kind, operations)]
}

function connections(r: ServedResource, s: ServedSubresource, make: Make, path: string): Path[] {
  const paths = s.name === 'proxy' ? [path, `${path}/{path}`] : [path]
  return paths.map((at) => {
    const suffix = capital(s.name) + (at === path ? '' : 'WithPath')
    const operations = (connects[s.name] ?? []).map((method) =>
      make(at, method, 'connect', {
        verb: `connect${capital(method)}`,
        description: `connect ${method.toUpperCase()} requests to ${s.name} of ${r.kind}`,
        suffix,
        options: optionsOf(s.kind.kind),
        gvk: s.kind,
        answer: '',
        produces: ['*/*'],
        isPretty: false,
      }),
    )
    return pathOf(at, s.kind.kind, operations)
  })
}
