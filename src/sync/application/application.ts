import type { KubeObject } from '../../apimachinery/object.ts'
import type { Resource } from '../../apimachinery/resource.ts'
import type { HealthStatus } from '../health/health.ts'
import type { InventoryEntry } from '../plan/plan.ts'

/** argoproj.io/v1alpha1 Application: what syncs where. The fields that Slipway acts on; others are kept as they are. */
export interface Application extends KubeObject {
  readonly spec: ApplicationSpec
  /** An asked-for sync; taken away when it begins. */
  readonly operation?: Operation
  readonly status?: ApplicationStatus
}

export interface ApplicationSource {
  readonly repoURL: string
  readonly targetRevision?: string
  readonly path?: string
  readonly directory?: { readonly recurse?: boolean }
  readonly helm?: {
    readonly releaseName?: string
    readonly valueFiles?: readonly string[]
    readonly values?: string
    readonly valuesObject?: Readonly<Record<string, unknown>>
    readonly parameters?: readonly { readonly name: string; readonly value: string; readonly forceString?: boolean }[]
  }
}

interface ApplicationSpec {
  readonly project: string
  readonly source?: ApplicationSource
  readonly destination: { readonly server?: string; readonly name?: string; readonly namespace?: string }
  readonly syncPolicy?: {
    readonly automated?: {
      readonly enabled?: boolean
      readonly prune?: boolean
      readonly selfHeal?: boolean
      readonly allowEmpty?: boolean
    }
  }
}

export interface Operation {
  readonly sync?: { readonly revision?: string; readonly prune?: boolean }
  readonly initiatedBy?: { readonly username?: string; readonly automated?: boolean }
}

type OperationPhase = 'Running' | 'Succeeded' | 'Failed' | 'Error'

export interface ApplicationStatus {
  readonly sync?: { readonly status: 'Synced' | 'OutOfSync' | 'Unknown'; readonly revision?: string }
  readonly health?: { readonly status: HealthStatus; readonly lastTransitionTime?: string }
  readonly operationState?: {
    readonly phase: OperationPhase
    readonly message?: string
    readonly startedAt: string
    readonly finishedAt?: string
    readonly operation: Operation
    readonly syncResult?: { readonly revision: string; readonly resources?: readonly SyncResultEntry[] }
  }
  readonly resources?: readonly ResourceStatus[]
  readonly history?: readonly {
    readonly id: number
    readonly revision: string
    readonly deployedAt: string
    readonly source?: ApplicationSource
  }[]
  readonly conditions?: readonly { readonly type: string; readonly message: string; readonly lastTransitionTime?: string }[]
  readonly reconciledAt?: string
  readonly sourceType?: string
}

interface SyncResultEntry extends InventoryEntry {
  readonly status: 'Synced' | 'SyncFailed' | 'Pruned'
  readonly message: string
}

export interface ResourceStatus extends InventoryEntry {
  readonly status: 'Synced' | 'OutOfSync'
  readonly health?: { readonly status: HealthStatus; readonly message?: string }
}

export const applications: Resource<Application> = {
  group: 'argoproj.io',
  version: 'v1alpha1',
  resource: 'applications',
  kind: 'Application',
  namespaced: true,
}

/** Where Applications live that a push makes; Argo CD's own namespace, so that its manifests fit. */
export const controlNamespace = 'argocd'

/** The finalizer by which deleting an Application deletes what it applied. */
export const cascadeFinalizer = 'resources-finalizer.argocd.argoproj.io'

/** The address of a repository of the built-in Git server, as Applications name it. */
function repositoryUrl(repository: string): string {
  return `https://kubernetes.default.svc/git/${repository}.git`
}

const ownAddress =
  'https://(?:kubernetes\\.default(?:\\.svc(?:\\.cluster\\.local)?)?|localhost|127\\.0\\.0\\.1|\\[::1\\])(?::\\d+)?'
const ownCluster = new RegExp(`^${ownAddress}/?$`)
const ownRepository = new RegExp(`^${ownAddress}/git/(.+?)(?:\\.git)?/?$`)

/** The repository of the built-in Git server that an Application syncs from; undefined when the URL is of another server. */
export function builtInRepository(repoURL: string): string | undefined {
  return ownRepository.exec(repoURL)?.[1]
}

/** The cluster that an Application is for when that is not this one. */
export function otherCluster(app: Application): string | undefined {
  const { name, server } = app.spec.destination
  if (name && name !== 'in-cluster') return name
  return server && !ownCluster.test(server) ? server : undefined
}

/** Whether the Application syncs by itself, and what that may do. */
export function automation(app: Application): {
  readonly on: boolean
  readonly prune: boolean
  readonly selfHeal: boolean
  readonly allowEmpty: boolean
} {
  const automated = app.spec.syncPolicy?.automated
  const on = automated !== undefined && automated.enabled !== false
  return {
    on,
    prune: automated?.prune ?? false,
    selfHeal: automated?.selfHeal ?? false,
    allowEmpty: automated?.allowEmpty ?? false,
  }
}

/** The Application that the first push to a new repository makes. */
export function applicationFor(repository: string): Application {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: repository.replaceAll(/[/_.]/g, '-'), namespace: controlNamespace, finalizers: [cascadeFinalizer] },
    spec: {
      project: 'default',
      source: { repoURL: repositoryUrl(repository), targetRevision: 'HEAD', path: '.', directory: { recurse: true } },
      destination: { server: 'https://kubernetes.default.svc', namespace: 'default' },
      syncPolicy: { automated: { prune: true, selfHeal: true } },
    },
  }
}

/** How tracking ids name an Application: its name, or `<namespace>_<name>` outside the control namespace. */
export function trackingName(app: Application): string {
  const { namespace, name = '' } = app.metadata
  return namespace === undefined || namespace === controlNamespace ? name : `${namespace}_${name}`
}

/** The key (`namespace/name`) of the Application that a tracking name means. */
export function keyOfTracking(application: string): string {
  const split = application.indexOf('_')
  return split < 0 ? `${controlNamespace}/${application}` : `${application.slice(0, split)}/${application.slice(split + 1)}`
}
