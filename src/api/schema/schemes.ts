import { readFileSync } from 'node:fs'
import { parseApiVersion } from '../../apimachinery/resource.ts'
import { hasType } from './types.ts'

// Which kinds kube-apiserver knows where: what serves definitions and what serves APIServices have schemes of their own.

interface Kind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

const factsPath = new URL('../../../schemas/kubernetes/unserved-kinds.json', import.meta.url)
let unserved: Readonly<Record<string, readonly string[]>> | undefined

/** Versions that are not served are known nevertheless, with the kinds that they had. */
function isUnserved({ group, version, kind }: Kind): boolean {
  unserved ??= JSON.parse(readFileSync(factsPath, 'utf8')) as Readonly<Record<string, readonly string[]>>
  const key = `${group}/${version}`
  return Object.hasOwn(unserved, key) && (unserved[key] ?? []).includes(kind)
}

const apart = ['apiextensions.k8s.io', 'apiregistration.k8s.io']
const elsewhere = new Set([...apart, 'meta.k8s.io', 'apidiscovery.k8s.io'])
/** What is in the version v1 of every scheme. */
const everywhere =
  /^(?:Status|WatchEvent|API(?:Versions|Group|GroupList|ResourceList)|(?:Create|Update|Patch|Delete|Get|List)Options)$/

/** Whether the scheme of the group that serves a path knows `asked`. */
function isRegistered(servedBy: string, asked: Kind): boolean {
  const { group, version, kind } = asked
  if (group === '' && version === 'v1' && everywhere.test(kind)) return true
  if (apart.includes(servedBy) ? group !== servedBy : elsewhere.has(group)) return false
  return hasType(group, version, kind) || isUnserved(asked)
}

/** Kinds that moved: in the server they are those of the group that they are in now. */
const moved: Readonly<Record<string, string>> = {
  'extensions/DaemonSet': 'apps',
  'extensions/Deployment': 'apps',
  'extensions/ReplicaSet': 'apps',
  'extensions/Ingress': 'networking.k8s.io',
  'extensions/NetworkPolicy': 'networking.k8s.io',
  'extensions/Scale': 'autoscaling',
  'apps/Scale': 'autoscaling',
  'events.k8s.io/Event': '',
}

const internalGroup = (group: string, kind: string): string => moved[`${group}/${kind}`] ?? group

/** Whether an object of `asked` can be read where one of `wanted` is served: only its version may be another. */
const isSameKind = (asked: Kind, wanted: Kind): boolean =>
  asked.kind === wanted.kind && internalGroup(asked.group, asked.kind) === internalGroup(wanted.group, wanted.kind)

/** Why an object that calls itself `asked` is none of `wanted`; undefined: it is one, maybe of another version. */
export function kindProblem(apiVersion: string, kind: string, wanted: Kind): string | undefined {
  const { group, version } = parseApiVersion(apiVersion)
  const asked = { group, version, kind }
  if (!isRegistered(wanted.group, asked)) {
    const shown = group === '' ? version : apiVersion
    return `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(shown)} in scheme "pkg/runtime/scheme.go:111"`
  }
  if (isSameKind(asked, wanted)) return undefined
  const name = internalGroup(wanted.group, wanted.kind).split('.')[0] || 'core'
  return `converting (${version}.${kind}) to (${name}.${wanted.kind}): unknown conversion`
}
