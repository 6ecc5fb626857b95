import type { ServedResource } from '../registry/served.ts'
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
} from './operations.ts'
import { optionsOf, sharedKey } from './parameters.ts'

const mediaTypes = ['application/json', 'application/yaml']
const patchTypes = ['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml']

/** Successes, and the kind of the query's options, by action. */
const actions: Readonly<Record<string, { readonly successes: readonly number[]; readonly options: string }>> = {
  list: { successes: [200], options: 'ListOptions' },
  deletecollection: { successes: [200], options: 'ListOptions' },
  get: { successes: [200], options: 'GetOptions' },
  post: { successes: [200, 201, 202], options: 'CreateOptions' },
  put: { successes: [200, 201], options: 'CreateOptions' },
  patch: { successes: [200], options: 'PatchOptions' },
  delete: { successes: [200, 202], options: 'DeleteOptions' },
}

type Make = (path: string, method: Method, action: string, verb: string, answer: string, body?: string) => Operation

/** The paths of a custom resource (apiextensions-apiserver's builder): other media types and options than built-in ones have. */
export function customPaths(r: ServedResource, definition: DefinitionOf): Path[] {
  const root = `/apis/${r.group}/${r.version}`
  const within = r.namespaced ? `${root}/namespaces/{namespace}/${r.resource}` : `${root}/${r.resource}`
  const own = definition(r)
  const list = definition({ ...r, kind: r.listKind })
  const item = `${within}/{name}`
  const make = maker(r)
  const changes = (path: string, answer: string): Operation[] => [
    make(path, 'get', 'get', 'read', answer),
    make(path, 'put', 'put', 'replace', answer, answer),
    make(path, 'patch', 'patch', 'patch', answer, patchDefinition),
  ]
  const found: Record<string, Operation[]> = {
    [within]: [
      make(within, 'get', 'list', 'list', list),
      make(within, 'post', 'post', 'create', own, own),
      make(within, 'delete', 'deletecollection', 'deletecollection', statusDefinition),
    ],
    ...(r.namespaced ? { [`${root}/${r.resource}`]: [make(`${root}/${r.resource}`, 'get', 'list', 'list', list)] } : {}),
    [item]: [...changes(item, own), make(item, 'delete', 'delete', 'delete', statusDefinition, deleteOptionsDefinition)],
    ...Object.fromEntries(
      [...r.subresources.values()].map((s) => [`${item}/${s.name}`, changes(`${item}/${s.name}`, definition(s.kind))]),
    ),
  }
  return Object.entries(found).map(([path, operations]) => pathOf(path, r.kind, operations))
}

function maker(r: ServedResource): Make {
  const gvk = { group: r.group, version: r.version, kind: r.kind }
  return (path, method, action, verb, answer, body) => {
    const subresource = /\{name\}\/(.+)$/.exec(path)?.[1] ?? ''
    const isEverywhere = r.namespaced && !path.includes('{namespace}')
    const operation = isEverywhere
      ? `${verb}${r.kind}ForAllNamespaces`
      : `${verb}${r.namespaced ? 'Namespaced' : ''}${r.kind}${capital(subresource)}`
    const { successes = [200], options = '' } = actions[action] ?? {}
    const query = options === 'GetOptions' ? [sharedKey('resourceVersion', 'query')] : optionsOf(options)
    return {
      method,
      ...idAndTag(operation, path),
      description: describe(verb, subresource, r.kind),
      action,
      gvk,
      parameters: [sharedKey('pretty', 'query'), ...query, ...pathKeys(path, sharedKey('namespace', 'path'))],
      ...(body ? { body: { definition: body, isRequired: method !== 'delete' } } : {}),
      answer,
      successes,
      consumes: method === 'patch' ? patchTypes : mediaTypes,
      produces: mediaTypes,
    }
  }
}

function describe(verb: string, subresource: string, kind: string): string {
  const of = subresource === '' ? '' : ` ${subresource} of`
  switch (verb) {
    case 'list':
      return `list objects of kind ${kind}`
    case 'patch':
      return `partially update${of} the specified ${kind}`
    case 'deletecollection':
      return `delete collection of ${kind}`
    case 'create':
    case 'delete':
      return `${verb}${article(kind)}${kind}`
    default:
      return `${verb}${of} the specified ${kind}`
  }
}
