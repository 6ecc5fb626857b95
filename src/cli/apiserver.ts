import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createAdmission } from '../api/admission/index.ts'
import { createAuthenticator } from '../api/auth/authenticate.ts'
import { createAuthorizer } from '../api/auth/authorize.ts'
import { writeKubeconfig } from '../api/auth/kubeconfig.ts'
import { openPki } from '../api/auth/pki.ts'
import { createTokenIssuer } from '../api/auth/service-account-tokens.ts'
import { bootstrap } from '../api/bootstrap/bootstrap.ts'
import { kinds } from '../api/kinds/index.ts'
import { createApi } from '../api/server.ts'
import { openLmdbStore } from '../store/lmdb/lmdb-store.ts'
import { createMemoryStore } from '../store/memory/memory-store.ts'
import type { Store } from '../store/store.ts'

const help = `slipway apiserver: the Kubernetes API alone, without controllers, scheduler and nodes

  --data DIR                where keys, certificates and objects are kept (required)
  --port N                  default 6443
  --host ADDRESS            the address to listen on, default 0.0.0.0
  --write-kubeconfig FILE   writes the credentials of an administrator
  --store lmdb|memory       default lmdb
  --service-cidr CIDR       addresses of services, default 10.43.0.0/16
`

/** `slipway apiserver`: runs until SIGINT or SIGTERM. Resolves with the exit status. */
export async function run(argv: string[]): Promise<number> {
  const { values } = parseArgs({
    args: argv,
    options: {
      data: { type: 'string' },
      port: { type: 'string', default: '6443' },
      host: { type: 'string', default: '0.0.0.0' },
      'write-kubeconfig': { type: 'string' },
      store: { type: 'string', default: 'lmdb' },
      'service-cidr': { type: 'string', default: '10.43.0.0/16' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(help)
    return 0
  }
  if (!values.data) {
    process.stderr.write(`--data is required\n\n${help}`)
    return 2
  }
  await mkdir(values.data, { recursive: true, mode: 0o700 })
  const store = await openStore(values.store, values.data)
  const pki = await openPki({ directory: join(values.data, 'pki'), serviceAddress: firstAddress(values['service-cidr']) })
  const issuer = createTokenIssuer(pki.tokenKey)
  const api = await createApi({
    store,
    kinds,
    security: (objects) => {
      const authorizer = createAuthorizer(objects)
      const authenticator = createAuthenticator({ objects, issuer })
      return { authenticate: (r) => authenticator.authenticate(r), authorize: authorizer.authorize }
    },
    admission: (objects) => createAdmission({ objects, authorizer: createAuthorizer(objects) }),
  })
  await bootstrap(api.handle)
  const listening = await api.listen({
    port: Number(values.port),
    host: values.host,
    cert: pki.serving.cert,
    key: pki.serving.key,
    clientCa: pki.caCert,
  })
  const server = `https://127.0.0.1:${listening.port}`
  if (values['write-kubeconfig']) {
    await writeKubeconfig(values['write-kubeconfig'], { server, caCert: pki.caCert, user: { client: pki.admin } })
  }
  process.stdout.write(`serving the Kubernetes API at ${server}\n`)
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })
  await listening.close()
  api.close()
  await store.close()
  return 0
}

function openStore(name: string, directory: string): Store | Promise<Store> {
  if (name === 'memory') return createMemoryStore()
  if (name === 'lmdb') return openLmdbStore({ path: join(directory, 'store') })
  throw new Error(`--store ${name}: must be lmdb or memory`)
}

/** 10.43.0.1 of 10.43.0.0/16: the address of `kubernetes.default`. */
function firstAddress(cidr: string): string {
  const address = (cidr.split('/')[0] ?? '').split('.').map(Number)
  if (address.length !== 4 || address.some((n) => !(n >= 0 && n <= 255)))
    throw new Error(`--service-cidr ${cidr}: must be an IPv4 range such as 10.43.0.0/16`)
  const [a = 0, b = 0, c = 0, d = 0] = address
  return [a, b, c, d + 1].join('.')
}
