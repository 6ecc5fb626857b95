import { type Clock, preciseClock, systemClock } from '../apimachinery/clock.ts'
import type { OpenPort } from '../apimachinery/open-port.ts'
import { namespaces, resourcequotas } from '../apimachinery/resources.generated.ts'
import type { Store } from '../store/store.ts'
import { type AdmissionChoice, createAdmission } from './admission/index.ts'
import { WebhookCalls } from './admission/webhook/call.ts'
import type { LocalWebhooks } from './admission/webhook/local.ts'
import { type Aggregator, followApiServices } from './aggregation/aggregator.ts'
import type { FrontProxyCredentials } from './aggregation/forward.ts'
import type { Audit } from './audit/audit.ts'
import type { Authorizer } from './auth/authorize.ts'
import { openIdRoutes } from './auth/openid-routes.ts'
import { createConversion } from './custom/convert.ts'
import { followDefinitions } from './custom/definitions.ts'
import { rootPathsRoute } from './discovery/root-paths.ts'
import { discoveryRoutes } from './discovery/routes.ts'
import { expireEvents } from './expiry/events.ts'
import { dumpRoutes } from './flow-control/dumps.ts'
import { FlowControl } from './flow-control/flow-control.ts'
import { AdmissionMetrics } from './health/admission-metrics.ts'
import { type Check, healthPaths, healthRoute } from './health/checks.ts'
import { debugPagesRoute } from './health/debug-pages.ts'
import { HealthMetrics, healthMetricsRoute } from './health/health-metrics.ts'
import { type MetricLines, metricsRoute } from './health/metrics.ts'
import { RequestMetrics } from './health/request-metrics.ts'
import { SecurityMetrics } from './health/security-metrics.ts'
import type { StartSteps } from './health/start-steps.ts'
import { StorageMetrics } from './health/storage-metrics.ts'
import { versionRoute } from './health/version.ts'
import { backupRoute } from './history/backup.ts'
import type { ListenOptions } from './http/listen.ts'
import type { Kind } from './kinds/kind.ts'
import type { Objects } from './objects.ts'
import { openApiRoutes } from './openapi/routes.ts'
import { ensure, update } from './own-requests.ts'
import type { Core, WriteHooks } from './pipeline/call.ts'
import { createHandler, type Gauges, type PathRoute } from './pipeline/handle.ts'
import { defaultLimits, InFlight, type InFlightLimits } from './pipeline/in-flight.ts'
import type { Security } from './pipeline/security.ts'
import { loadYaml } from './pipeline/yaml-package.ts'
import type { KubeletCredentials } from './proxy/forward.ts'
import { upgradeHandler } from './proxy/upgrade.ts'
import { builtInResources } from './registry/built-in.ts'
import { Registry } from './registry/registry.ts'
import { servedKind } from './registry/served-kind.ts'
import type { HandleRequest } from './request.ts'
import { TokenWindow } from './verbs/token-window.ts'
import { Caches } from './watch/caches.ts'
import { storedObjects } from './watch/stored-objects.ts'

export interface ApiOptions {
  readonly store: Store
  readonly kinds: readonly Kind[]
  /** Made when the stored objects can be read. */
  readonly security: (objects: Objects) => Security
  /** The plugins that are on by default, which need an authorizer of `security`; without it there is no admission. */
  readonly admission?: AdmissionChoice
  /** Webhooks that are asked without a connection. */
  readonly localWebhooks?: LocalWebhooks
  readonly hooks?: (objects: Objects) => ReadonlyMap<string, WriteHooks>
  readonly clock?: Clock
  readonly limits?: InFlightLimits
  /** Default: on. */
  readonly priorityAndFairness?: boolean
  /** How long Events are kept after they were last written; without it for ever. */
  readonly eventTtlMs?: number
  /** Without it nothing is audited. */
  readonly audit?: Audit
  /** For logs, exec and the like. */
  readonly kubelet?: KubeletCredentials
  /** Told of by the health endpoints. */
  readonly steps?: StartSteps
  /** More of them, and more metrics. */
  readonly checks?: readonly Check[]
  readonly metrics?: readonly MetricLines[]
  /** Values of the flags that the server was started with, by name, for /flagz. */
  readonly flags?: Readonly<Record<string, string>>
  /** How this server shows itself to aggregated ones; without it there are none. */
  readonly frontProxy?: FrontProxyCredentials
}

export interface Api {
  readonly handle: HandleRequest
  readonly objects: Objects
  readonly core: Core
  listen(options: ListenOptions): Promise<OpenPort>
  /** The host:port by which others, pods too, reach this server: what discovery and the OpenID documents name. */
  knownAs(address: string): void
  close(): void
}

/** The API over `store`: everything that is served, without a port until `listen`. */
export async function createApi(options: ApiOptions): Promise<Api> {
  const caches = await Caches.load(options.store)
  const objects = storedObjects(caches)
  const webhooks = new WebhookCalls(objects, options.localWebhooks)
  const gauges: Gauges = {
    ...limiters(options, objects, caches),
    metrics: new RequestMetrics(),
    security: new SecurityMetrics(),
  }
  const later: MadeLater = {}
  const core = coreOf(options, { caches, objects, webhooks, gauges }, later)
  let address: string | undefined
  let isClosing = false
  const paths = pathsOf(options, core, gauges, { address: () => address ?? 'localhost:6443', isClosing: () => isClosing })
  const handle = createHandler(core, core.security, paths, gauges)
  later.handle = handle
  const follower = followObjects(options, core, handle, webhooks)
  later.aggregator = follower.aggregator
  const upgrade = upgradeHandler(handle)
  return {
    handle,
    objects,
    core,
    knownAs: (host) => {
      address = host
    },
    listen: async (o) => {
      // Who needs no port does not load what serves one.
      const { listen } = await import('./http/listen.ts')
      await loadYaml()
      const listening = await listen(handle, upgrade, o)
      address ??= `${o.host ?? '127.0.0.1'}:${listening.port}`
      return listening
    },
    close: () => {
      isClosing = true
      follower.stop()
      webhooks.close()
      caches.close()
    },
  }
}

/** What requests use that makes requests itself: made from the core, and there before the first request comes. */
interface MadeLater {
  handle?: HandleRequest
  aggregator?: Aggregator | undefined
}

interface CoreParts {
  readonly caches: Caches
  readonly objects: Objects
  readonly webhooks: WebhookCalls
  readonly gauges: Gauges
}

function coreOf(options: ApiOptions, { caches, objects, webhooks, gauges }: CoreParts, later: MadeLater): Core {
  const { store, clock = systemClock, admission, audit, kubelet } = options
  const registry = new Registry(builtInResources(options.kinds))
  const security = options.security(objects)
  const admissionMetrics = new AdmissionMetrics()
  const handle: HandleRequest = (request) => (later.handle as HandleRequest)(request)
  return {
    requests: gauges.metrics,
    storage: new StorageMetrics(),
    store,
    caches,
    registry,
    objects,
    security,
    clock,
    tokens: new TokenWindow(),
    ...(audit ? { audit } : {}),
    ...(kubelet ? { kubelet } : {}),
    get aggregator() {
      return later.aggregator
    },
    onWatch: (info, query) => gauges.flow?.watches.open(info, query) ?? (() => {}),
    admissionMetrics,
    admission: admission
      ? createAdmission({
          ...admission,
          objects,
          authorizer: authorizerOf(security),
          metrics: admissionMetrics,
          webhooks,
          findKind: (group, version, name) => servedKind(registry.find(group, version, name)),
          writeQuotaStatus: (quota) => update(handle, resourcequotas, quota, { subresource: 'status' }),
          createNamespace: (namespace) => ensure(handle, namespaces, namespace),
          resourcesOfKind: (group, version, kind) =>
            [...registry.all()].filter((r) => r.group === group && r.version === version && r.kind === kind),
        })
      : [],
    hooks: options.hooks?.(objects) ?? new Map(),
  }
}

function authorizerOf({ authorizer }: Security): Authorizer {
  if (!authorizer) throw new Error('admission asks what roles give, and `security` has no authorizer')
  return authorizer
}

/** What follows the stored objects as long as the API runs: what is served for definitions and APIServices, and which Events are due. */
function followObjects(
  { eventTtlMs: ttlMs, frontProxy: credentials }: ApiOptions,
  { store, caches, objects, registry, clock }: Core,
  handle: HandleRequest,
  webhooks: WebhookCalls,
): { readonly aggregator: Aggregator | undefined; stop(): void } {
  const stopDefinitions = followDefinitions({ objects, registry, handle, convert: createConversion(webhooks), clock })
  const aggregator = credentials && followApiServices({ objects, handle, clock, credentials, onChange: () => registry.changed() })
  const stopExpiry = ttlMs === undefined ? () => {} : expireEvents({ store, caches, clock, ttlMs })
  return {
    aggregator,
    stop: () => {
      stopExpiry()
      stopDefinitions()
      aggregator?.close()
    },
  }
}

/** One of them says how many requests are answered at once: priority and fairness, or two plain limits. */
function limiters(
  { limits = defaultLimits, priorityAndFairness, clock = preciseClock }: ApiOptions,
  objects: Objects,
  caches: Caches,
): Pick<Gauges, 'inFlight' | 'flow'> {
  if (priorityAndFairness === false) return { inFlight: new InFlight(limits), flow: undefined }
  const inFlight = new InFlight(undefined)
  const flow = new FlowControl({
    objects,
    total: limits.reading + limits.writing,
    clock,
    stats: (group, resource) => caches.stats(group, resource),
    onWaiting: (info, isWaiting) => inFlight.noteWaiting(info, isWaiting),
  })
  return { inFlight, flow }
}

/** Who answers for paths that are no resources, in order. */
function pathsOf(
  options: ApiOptions,
  core: Core,
  { inFlight, flow, security: securityMetrics }: Gauges,
  now: { readonly address: () => string; readonly isClosing: () => boolean },
): readonly PathRoute[] {
  const { clock } = core
  const { issuer } = core.security
  const checks = checksOf(options, now.isClosing)
  const health = new HealthMetrics()
  const more = [core.admissionMetrics, securityMetrics, ...(options.audit ? [options.audit] : []), ...(options.metrics ?? [])]
  const served = (): string[] => [
    ...healthPaths(checks),
    ...['/flagz', '/metrics', '/metrics/slis', '/openapi/v2', '/openapi/v3', '/openapi/v3/', '/statusz', '/version'],
    ...(issuer ? ['/.well-known/openid-configuration', '/openid/v1/jwks'] : []),
  ]
  return [
    discoveryRoutes(core, now.address),
    versionRoute,
    metricsRoute({ requests: core.requests, storage: core.storage, inFlight, flow, caches: core.caches, more }),
    ...(flow ? [dumpRoutes(flow)] : []),
    ...(issuer ? [openIdRoutes(issuer, now.address)] : []),
    openApiRoutes(core),
    backupRoute(core.store),
    healthRoute(checks, health),
    healthMetricsRoute(health),
    debugPagesRoute({ flags: options.flags ?? {}, paths: served, startedAt: clock.now(), now: () => clock.now() }),
    rootPathsRoute(core, served),
  ]
}

/** What the health endpoints ask, in kube-apiserver's order. */
function checksOf({ store, checks = [], steps }: ApiOptions, isClosing: () => boolean): readonly Check[] {
  return [
    { name: 'ping', run: () => {} },
    { name: 'log', run: () => {} },
    { name: 'etcd', run: () => answersSoon(store) },
    { name: 'etcd-readiness', only: 'readyz', run: () => answersSoon(store) },
    ...checks,
    // The caches are loaded before there is a server to ask.
    { name: 'informer-sync', only: 'readyz', run: () => {} },
    ...(steps?.checks() ?? []),
    {
      name: 'shutdown',
      only: 'readyz',
      run: () => {
        if (isClosing()) throw new Error('process is shutting down')
      },
    },
  ]
}

const soonMs = 2000

/** Throws when the store does not answer within two seconds. */
async function answersSoon(store: Store): Promise<void> {
  const answer = store.current()
  if (!(answer instanceof Promise)) return
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${soonMs} ms`)), soonMs)
  })
  await Promise.race([answer, late]).finally(() => clearTimeout(timer))
}
