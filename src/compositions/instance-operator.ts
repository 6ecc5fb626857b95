import { createHash } from 'node:crypto'
import type { KubeObject, Unstructured } from '../apimachinery/object.ts'
import type { Resource } from '../apimachinery/resource.ts'
import { defineOperator, type Operator, type Reconcile, type StatusUpdate, watching } from '../operators/operator.ts'
import type { CompiledComposition } from './compile.ts'
import type { CompiledResource } from './compile-resources.ts'
import { type Cluster, evaluatePass, type Pass } from './evaluate.ts'

/** Says which resource of its Composition a child is. */
const resourceLabel = 'compositions.slipway.dev/resource'

/** The operator that a Composition is: it makes the objects of each object of its kind. */
export function instanceOperator(composition: CompiledComposition): Operator {
  const { resources, kind } = composition
  const ofSort = (isExternal: boolean) => distinct(resources.filter((r) => r.isExternal === isExternal))
  return defineOperator<Unstructured>({
    name: operatorName(composition.name),
    for: kind as never,
    owns: ofSort(false),
    // Any change of such a kind may be of an object that is read: objects near it are asked to look again.
    watches: ofSort(true).map((resource) =>
      watching<Resource<Unstructured>, Unstructured>(resource, {
        to: (object, { list }) => list().filter((o) => isNear(o, object)),
      }),
    ),
    reconcile(context) {
      const pass = evaluatePass(composition, context.object, clusterOf(context))
      return {
        status: statusOf(composition, pass),
        keep: (child) => pass.undecided.has(child.metadata.labels?.[resourceLabel] ?? ''),
      }
    },
  })
}

/** Names of Compositions may be longer than those of operators. */
function operatorName(name: string): string {
  if (name.length <= 40 && /^[a-z0-9-]+$/.test(name)) return name
  return `${name.replaceAll('.', '-').slice(0, 30)}-${createHash('sha256').update(name).digest('hex').slice(0, 8)}`
}

function distinct(resources: readonly CompiledResource[]) {
  return [...new Map(resources.map(({ resource }) => [`${resource.group}/${resource.kind}`, resource])).values()]
}

const isNear = ({ metadata: a }: KubeObject, { metadata: b }: KubeObject): boolean =>
  a.namespace === undefined || b.namespace === undefined || a.namespace === b.namespace

function clusterOf({ child, observed, read, object }: Reconcile<Unstructured>): Cluster {
  return {
    declare({ id, resource }, { apiVersion: _, kind: __, ...declared }) {
      const metadata = { ...declared.metadata, labels: { ...declared.metadata?.labels, [resourceLabel]: id } }
      return observed(child(resource, { ...declared, metadata }))
    },
    read: ({ resource }, name, namespace) => read(resource, name, namespace ?? object.metadata.namespace),
  }
}

/** Fields that cannot be told any more are taken out. */
function statusOf(composition: CompiledComposition, { status, waiting }: Pass): StatusUpdate<Unstructured> {
  const names = composition.status.kind === 'map' ? composition.status.entries.map(([name]) => name) : []
  const message = Array.from(waiting, ([id, why]) => `${id}: ${why}`).join('; ')
  const Ready = waiting.size === 0 || { status: 'False', reason: 'NotReady', message }
  return { ...Object.fromEntries(names.map((name) => [name, status[name]])), Ready } as StatusUpdate<Unstructured>
}
