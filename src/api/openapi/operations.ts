import type { GroupVersionKind } from '../registry/served.ts'
import { inOrder, nameKey } from './parameters.ts'

export type Method = 'get' | 'put' | 'post' | 'delete' | 'options' | 'head' | 'patch'

/** One method of one path, before it is written as v2 or v3. */
export interface Operation {
  readonly method: Method
  readonly id: string
  readonly tag: string
  readonly description: string
  /** Of a resource's paths. */
  readonly action?: string
  readonly gvk?: GroupVersionKind
  /** Keys of parameters.ts, without those of the path. */
  readonly parameters: readonly string[]
  readonly body?: { readonly definition: string; readonly isRequired: boolean }
  /** A definition; '' for text. */
  readonly answer: string
  readonly successes: readonly number[]
  readonly consumes?: readonly string[]
  readonly produces: readonly string[]
}

export interface Path {
  readonly path: string
  /** What {name} names. */
  readonly subject: string
  /** Keys of the parameters that all operations have. */
  readonly parameters: readonly string[]
  readonly operations: readonly Operation[]
}

/** The path of these operations: what all of them take is the path's (kube-openapi, findCommonParameters). */
export function pathOf(path: string, subject: string, operations: readonly Operation[]): Path {
  const [first, ...others] = operations
  const common = new Set((first?.parameters ?? []).filter((key) => others.every((o) => o.parameters.includes(key))))
  return {
    path,
    subject,
    parameters: inOrder(common),
    operations: operations.map((o) => ({ ...o, parameters: inOrder(o.parameters.filter((key) => !common.has(key))) })),
  }
}

/** The keys of the parameters that are written into a path. */
export const pathKeys = (path: string, namespaceKey: string): string[] => [
  ...(path.includes('{namespace}') ? [namespaceKey] : []),
  ...(path.includes('{name}') ? [nameKey] : []),
]

/** k8s.io/apiserver's ToValidOperationID: camel case of what has dots and dashes. A digit cannot be the first. */
function camel(text: string, isCapital: boolean): string {
  const words = text.replace(/^\p{Nd}/u, '.').split(/[^\p{L}\p{Nd}_]+/u)
  return words.map((word, i) => (i === 0 && !isCapital ? word : capital(word))).join('')
}

/** Without `deletecollection`: the shortest verb counts, and Collection gets a capital. */
const verbs = ['connect', 'replace', 'create', 'delete', 'patch', 'watch', 'read', 'list', 'get']

/** The id and the tag of an operation under `path`: the group and version stand behind the verb (GetOperationIDAndTags). */
export function idAndTag(operation: string, path: string): { id: string; tag: string } {
  const verb = verbs.find((v) => operation.startsWith(v)) ?? ''
  const rest = camel(operation.slice(verb.length), true)
  const parts = path.split('/').filter((part) => part !== '')
  const [root = '', group, version] = parts[0] === 'api' ? ['apis', 'core', ...parts.slice(1)] : parts
  if (root !== 'apis' || group === undefined) return { id: verb + rest, tag: camel(root, false) }
  const trimmed = group.replace(/\.k8s\.io$/, '')
  const ofVersion = version === undefined ? '' : camel(version, true)
  const tag = camel(trimmed, false) + (version === undefined ? '' : `_${camel(version, false)}`)
  return { id: verb + camel(trimmed, true) + ofVersion + rest, tag }
}

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** k8s.io/apiserver's GetArticleForNoun, with spaces. */
export function article(noun: string): string {
  if (noun.endsWith('s') && !noun.endsWith('ss')) return ' '
  return /^[aeiou]/i.test(noun) ? ' an ' : ' a '
}

/** The definition of a kind, '' when there is none. */
export type DefinitionOf = (gvk: GroupVersionKind) => string

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1.'
export const statusDefinition = `${meta}Status`
export const deleteOptionsDefinition = `${meta}DeleteOptions`
export const patchDefinition = `${meta}Patch`
export const watchEventDefinition = `${meta}WatchEvent`
