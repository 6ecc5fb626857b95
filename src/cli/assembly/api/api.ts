import { join } from 'node:path'
import type { AdmissionChoice } from '../../../api/admission/index.ts'
import { keepLocalServices } from '../../../api/aggregation/local-services.ts'
import { createAuthenticator } from '../../../api/auth/authenticate.ts'
import { createAuthorizer } from '../../../api/auth/authorize.ts'
import type { StaticToken } from '../../../api/auth/bearer-tokens.ts'
import { LegacyUse } from '../../../api/auth/legacy-use.ts'
import { openPki, type Pki } from '../../../api/auth/pki.ts'
import { writeDefaultRoles } from '../../../api/auth/rbac/default-roles.ts'
import { createTokenIssuer, type TokenIssuer } from '../../../api/auth/service-account-tokens.ts'
import { announceAuthorities } from '../../../api/bootstrap/authorities.ts'
import { bootstrap } from '../../../api/bootstrap/bootstrap.ts'
import { keepSchemaStatus } from '../../../api/flow-control/schema-status.ts'
import { StartSteps } from '../../../api/health/start-steps.ts'
import { kinds } from '../../../api/kinds/index.ts'
import type { Objects } from '../../../api/objects.ts'
import type { Security } from '../../../api/pipeline/security.ts'
import { type Api, type ApiOptions, createApi } from '../../../api/server.ts'
import { ensureAddressObjects } from '../../../api/services/address-objects.ts'
import { AllocationMetrics } from '../../../api/services/allocation-metrics.ts'
import { type Identity, keepIdentity, type ServerAddress } from '../../../api/services/identity.ts'
import { leadTo, makeKubernetesService } from '../../../api/services/kubernetes-service.ts'
import { serviceAddresses } from '../../../api/services/service-addresses.ts'
import { systemClock } from '../../../apimachinery/clock.ts'
import { DataDirectory } from '../machine/data-directory.ts'
import { otherKeys } from '../storage/cluster-keys.ts'
import { type EncryptedStoreOptions, type OpenEncryptedStore, openEncryptedStore } from '../storage/encrypted-store.ts'
import { keepEncrypted, kmsChecks } from '../storage/encryption-upkeep.ts'
import type { OpenAudit } from './audit.ts'
import type { OpenAuthentication } from './authentication.ts'
import type { OpenAuthorization } from './authorization.ts'
import type { FlowWishes } from './flow-control.ts'
import type { ServiceAccountWishes } from './service-account-keys.ts'

export interface ApiAssemblyOptions extends EncryptedStoreOptions {
  readonly serviceCidr: string
  readonly audit?: OpenAudit | undefined
  /** Default an hour. */
  readonly eventTtlMs?: number
  /** More names and addresses for the server's certificate. */
  readonly addresses?: readonly string[]
  /** Fixed bearer tokens and whose they are. */
  readonly staticTokens?: readonly StaticToken[]
  /** Other issuers of tokens, and who may ask without credentials. */
  readonly authentication?: OpenAuthentication
  /** By what service account tokens are signed and believed. Default: the key in `pki`. */
  readonly serviceAccounts?: ServiceAccountWishes
  /** Which authorizers are asked; default Node and RBAC. */
  readonly authorization?: OpenAuthorization
  /** Which admission plugins there are. */
  readonly admission?: AdmissionChoice
  /** How many requests are answered at a time. Default: as kube-apiserver. */
  readonly flow?: FlowWishes
  /** What /flagz shows. */
  readonly flags?: Readonly<Record<string, string>>
}

export interface AssembledApi {
  readonly api: Api
  readonly pki: Pki
  /** Of service accounts. */
  readonly issuer: TokenIssuer
  /** Makes default/kubernetes lead to this address, too, as long as this server runs. */
  advertise(address: string, port: number): Promise<void>
  close(): Promise<void>
}

/** The API with its store, authority, security and first objects, in process: `listen` opens its port. */
export async function assembleApi(options: ApiAssemblyOptions): Promise<AssembledApi> {
  const { data } = options
  new DataDirectory(data).make()
  const serviceAddress = firstAddress(options.serviceCidr)
  const pki = await openPki({ directory: join(data, 'pki'), serviceAddress, addresses: options.addresses ?? [] })
  const opened = await openEncryptedStore(options)
  const warning = options.store.kind === 'etcd' ? await otherKeys(opened.store, pki, join(data, 'pki')) : undefined
  if (warning) console.error(`warning: ${warning}`)
  const steps = new StartSteps()
  const issuer = createTokenIssuer({ key: pki.tokenKey, ...options.serviceAccounts })
  const legacyUse = new LegacyUse(() => api.handle)
  const api: Api = await createApi(
    apiOptions(options, pki, opened, steps, (objects) => securityOf(options, issuer, objects, legacyUse)),
  )
  const stopKeeping = await makeFirstObjects(api, pki, options, steps)
  const stop = new AbortController()
  const upkeep = await keepEncrypted({ ...opened, signal: stop.signal })
  let identity: Identity | undefined
  return {
    api,
    pki,
    issuer,
    async advertise(address, port) {
      const { handle, objects } = api
      api.knownAs(`${address}:${port}`)
      await makeKubernetesService(handle, serviceAddress, port)
      const onServers = (servers: readonly ServerAddress[]) => leadTo(handle, objects, servers)
      const isAlone = options.store.kind !== 'etcd'
      identity = await keepIdentity({ handle, objects, clock: systemClock, address, port, isAlone, onServers })
    },
    async close() {
      stop.abort()
      await identity?.stop().catch((error: unknown) => console.error('while leaving the cluster:', error))
      await upkeep.close()
      await stopKeeping()
      api.close()
      await opened.store.close()
      await options.audit?.close()
      options.authentication?.close()
      options.authorization?.close()
    },
  }
}

/** What was asked for on the command line, as the API takes it. */
function apiOptions(
  options: ApiAssemblyOptions,
  pki: Pki,
  opened: OpenEncryptedStore,
  steps: StartSteps,
  security: (objects: Objects) => Security,
): ApiOptions {
  const { serviceCidr, authentication, authorization, audit, flags } = options
  const allocations = new AllocationMetrics()
  return {
    store: opened.store,
    kinds,
    steps,
    checks: kmsChecks(opened.encryption, options.encryptionReload ?? false),
    metrics: [...opened.metrics, ...(authentication?.metrics ?? []), ...(authorization?.metrics ?? []), allocations],
    ...(audit ? { audit: audit.audit } : {}),
    eventTtlMs: options.eventTtlMs ?? 3_600_000,
    ...options.flow,
    ...(flags ? { flags } : {}),
    kubelet: { ca: pki.caCert, ...pki.kubeletClient },
    frontProxy: pki.frontProxy,
    hooks: (objects) =>
      new Map([['/services', serviceAddresses({ objects, serviceCidr, random: Math.random, metrics: allocations })]]),
    security,
    admission: options.admission ?? {},
  }
}

function securityOf(
  { authentication, authorization, staticTokens = [] }: ApiAssemblyOptions,
  issuer: TokenIssuer,
  objects: Objects,
  legacyUse: LegacyUse,
): Security {
  const { authenticate, reviewToken } = createAuthenticator({
    objects,
    issuer,
    staticTokens,
    anonymous: authentication?.anonymous,
    legacyUsed: legacyUse.seen,
    ...(authentication ? { jwt: authentication.jwt } : {}),
  })
  const authorizer = createAuthorizer(objects, authorization?.choice)
  return { authenticate, authorize: authorizer.authorize, authorizer, reviewToken, issuer }
}

/** What an API server finds or makes before it is ready, step by step. Gives how to end what is kept up to date from then on. */
async function makeFirstObjects(
  { handle, objects, core }: Api,
  pki: Pki,
  { serviceCidr, flow }: ApiAssemblyOptions,
  steps: StartSteps,
): Promise<() => Promise<void>> {
  steps.done('served')
  await bootstrap(handle, objects, { serviceCidr })
  steps.done('objects')
  const stopSchemaStatus =
    flow?.priorityAndFairness === false ? () => {} : keepSchemaStatus({ objects, handle, clock: systemClock })
  await announceAuthorities({ handle, objects }, { clientCa: pki.caCert, frontProxyCa: pki.frontProxy.caCert })
  steps.done('authorities')
  const stopLocalServices = await keepLocalServices({ objects, registry: core.registry, handle })
  steps.done('groups')
  await ensureAddressObjects(handle, objects)
  steps.done('addresses')
  await writeDefaultRoles(objects, handle)
  // Where nobody advertises an address (a machine without one) there is nothing to wait for.
  steps.done('roles', 'advertised')
  return async () => {
    stopLocalServices()
    await stopSchemaStatus()
  }
}

/** 10.43.0.1 of 10.43.0.0/16: the address of `kubernetes.default`. */
function firstAddress(cidr: string): string {
  const address = (cidr.split('/')[0] ?? '').split('.').map(Number)
  if (address.length !== 4 || address.some((n) => !(n >= 0 && n <= 255)))
    throw new Error(`--service-cidr ${cidr}: must be an IPv4 range such as 10.43.0.0/16`)
  const [a = 0, b = 0, c = 0, d = 0] = address
  return [a, b, c, d + 1].join('.')
}
