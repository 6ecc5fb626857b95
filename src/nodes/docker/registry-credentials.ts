import type { Secret } from '../../apimachinery/kinds.generated.ts'

interface Entry {
  readonly username?: string
  readonly password?: string
  readonly auth?: string
  readonly identitytoken?: string
}

/** As Docker's API takes them. */
interface Credentials {
  readonly username: string
  readonly password: string
  readonly serveraddress: string
  readonly identitytoken?: string
}

/** Registries by which Docker Hub is known in credentials. */
const hub = ['docker.io', 'index.docker.io', 'registry-1.docker.io']

/** The registry of an image: what comes before the first slash when it looks like a host, else Docker Hub. */
function registryOf(image: string): string {
  const [first = '', ...rest] = image.split('/')
  return rest.length > 0 && (first.includes('.') || first.includes(':') || first === 'localhost') ? first : 'docker.io'
}

function entriesOf(secret: Secret): [string, Entry][] {
  const text = (key: string) => Buffer.from(secret.data?.[key] ?? '', 'base64').toString('utf8')
  try {
    if (secret.type === 'kubernetes.io/dockerconfigjson')
      return Object.entries((JSON.parse(text('.dockerconfigjson')) as { auths?: Record<string, Entry> }).auths ?? {})
    if (secret.type === 'kubernetes.io/dockercfg') return Object.entries(JSON.parse(text('.dockercfg')) as Record<string, Entry>)
  } catch {
    // A secret that holds no JSON cannot match any registry; the pull then says what the registry answers.
  }
  return []
}

/** The credentials in `secrets` whose key is the image's registry, or a longer prefix of the image's name. */
export function credentialsFor(image: string, secrets: readonly Secret[]): Credentials | undefined {
  const registry = registryOf(image)
  const full = registry === 'docker.io' && !image.startsWith('docker.io/') ? `docker.io/${image}` : image
  let best: { key: string; entry: Entry } | undefined
  for (const [url, entry] of secrets.flatMap(entriesOf)) {
    const key = url.replace(/^https?:\/\//, '').replace(/\/(v1|v2)?\/?$/, '')
    const isHub = hub.includes(key) && registry === 'docker.io'
    if (!isHub && full !== key && !full.startsWith(`${key}/`)) continue
    if (!best || key.length > best.key.length) best = { key, entry }
  }
  if (!best) return undefined
  const [user = '', ...password] = Buffer.from(best.entry.auth ?? '', 'base64')
    .toString('utf8')
    .split(':')
  return {
    username: best.entry.username ?? user,
    password: best.entry.password ?? password.join(':'),
    serveraddress: registry,
    ...(best.entry.identitytoken ? { identitytoken: best.entry.identitytoken } : {}),
  }
}
