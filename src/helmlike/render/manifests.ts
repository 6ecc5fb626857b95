// Rendered text to manifests and hooks, in the order in which Helm applies them.

import { baseName } from '../functions/paths.ts'
import { compareStrings } from '../gotemplate/value.ts'
import { type ManifestHead, NoManifest, readHead } from './manifest-head.ts'
import { RenderError } from './render-error.ts'

export interface Manifest {
  /** The template it came from. */
  readonly path: string
  readonly content: string
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  /** Nothing but comments. */
  readonly isEmpty: boolean
}
export interface Hook extends Manifest {
  readonly events: readonly string[]
  readonly weight: number
  readonly deletePolicies: readonly string[]
  readonly outputLogPolicies: readonly string[]
}

/** A rendered text that is no YAML; `line` is of the document, from 1. */
export class ManifestYamlError extends RenderError {
  readonly path: string
  /** Offset of the document in the rendered text, and the line in it. */
  readonly offset: number
  readonly line: number
  constructor(message: string, path: string, offset: number, line: number) {
    super(message)
    this.name = 'ManifestYamlError'
    this.path = path
    this.offset = offset
    this.line = line
  }
}

const INSTALL_ORDER = (
  'PriorityClass Namespace NetworkPolicy ResourceQuota LimitRange PodSecurityPolicy PodDisruptionBudget ServiceAccount Secret SecretList ConfigMap ' +
  'StorageClass PersistentVolume PersistentVolumeClaim CustomResourceDefinition ClusterRole ClusterRoleList ClusterRoleBinding ClusterRoleBindingList ' +
  'Role RoleList RoleBinding RoleBindingList Service DaemonSet Pod ReplicationController ReplicaSet Deployment HorizontalPodAutoscaler StatefulSet Job ' +
  'CronJob IngressClass Ingress APIService MutatingWebhookConfiguration ValidatingWebhookConfiguration'
).split(' ')

/** The order of deletion: Helm's own, nearly the other way round. */
export const UNINSTALL_ORDER = (
  'ValidatingWebhookConfiguration MutatingWebhookConfiguration APIService Ingress IngressClass Service CronJob Job StatefulSet HorizontalPodAutoscaler ' +
  'Deployment ReplicaSet ReplicationController Pod DaemonSet RoleBindingList RoleBinding RoleList Role ClusterRoleBindingList ClusterRoleBinding ' +
  'ClusterRoleList ClusterRole CustomResourceDefinition PersistentVolumeClaim PersistentVolume StorageClass ConfigMap SecretList Secret ServiceAccount ' +
  'PodDisruptionBudget PodSecurityPolicy LimitRange ResourceQuota NetworkPolicy Namespace PriorityClass'
).split(' ')

/** Sorts by kind; unknown kinds come last, by name; equal kinds keep their order. */
export function sortByKind<T extends { readonly kind: string }>(
  list: readonly T[],
  order: readonly string[] = INSTALL_ORDER,
): T[] {
  const rank = new Map(order.map((kind, i) => [kind, i]))
  return [...list].sort((a, b) => {
    const x = rank.get(a.kind)
    const y = rank.get(b.kind)
    if (x === undefined && y === undefined) return compareStrings(a.kind, b.kind)
    if (x === undefined) return 1
    return y === undefined ? -1 : x - y
  })
}

const EVENTS = new Set(
  'pre-install post-install pre-delete post-delete pre-upgrade post-upgrade pre-rollback post-rollback test'.split(' '),
)

/** A text at its `---` lines, without what is blank; with each part's offset. */
export function splitDocuments(text: string): { content: string; offset: number }[] {
  const parts: { content: string; offset: number }[] = []
  const separator = /^---[ \t]*/gm
  const add = (from: number, to: number) => {
    const part = text.slice(from, to)
    const content = part.trimStart()
    if (content !== '') parts.push({ content, offset: from + part.length - content.length })
  }
  let from = 0
  for (const m of text.matchAll(separator)) {
    add(from, m.index)
    from = m.index + m[0].length
  }
  add(from, text.length)
  return parts
}

/** Manifests and hooks of all rendered files, sorted. Throws ManifestYamlError. */
export function sortManifests(files: ReadonlyMap<string, string>): { manifests: Manifest[]; hooks: Hook[] } {
  const manifests: Manifest[] = []
  const hooks: Hook[] = []
  for (const path of [...files.keys()].sort(compareStrings)) {
    const text = files.get(path) as string
    if (baseName(path).startsWith('_')) continue
    for (const { content, offset } of splitDocuments(text)) {
      const { apiVersion, kind, name, annotations, isEmpty } = headOf(path, content, offset)
      const manifest: Manifest = { path, content, apiVersion, kind, name, isEmpty }
      const hook = annotations.get('helm.sh/hook')
      if (hook === undefined) manifests.push(manifest)
      else {
        const made = asHook(manifest, hook, annotations)
        if (made) hooks.push(made)
      }
    }
  }
  return { manifests: sortByKind(manifests), hooks: sortByKind(hooks) }
}

function asHook(m: Manifest, types: string, annotations: ReadonlyMap<string, string>): Hook | undefined {
  const events = types
    .split(',')
    .map((t) => t.trim().toLowerCase())
    .map((t) => (t === 'test-success' ? 'test' : t))
  if (events.some((e) => !EVENTS.has(e))) return undefined
  const list = (name: string) =>
    annotations
      .get(name)
      ?.split(',')
      .map((p) => p.trim().toLowerCase()) ?? []
  const weight = annotations.get('helm.sh/hook-weight') ?? ''
  return {
    ...m,
    events,
    weight: /^[+-]?\d+$/.test(weight) ? Number(weight) : 0,
    deletePolicies: list('helm.sh/hook-delete-policy'),
    outputLogPolicies: list('helm.sh/hook-output-log-policy'),
  }
}

/** Throws ManifestYamlError. */
function headOf(path: string, content: string, offset: number): ManifestHead {
  try {
    return readHead(content)
  } catch (e) {
    if (!(e instanceof NoManifest)) throw e
    throw new ManifestYamlError(`YAML parse error on ${path}: ${e.message}`, path, offset, e.line)
  }
}
