import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { shownBy } from '../../api/auth/client-certificate.ts'
import { headersOf } from '../../api/http/http1.ts'
import type { Security } from '../../api/pipeline/security.ts'
import { StatusError } from '../../apimachinery/status.ts'
import type { GitUser } from '../../sync/git/git-server.ts'
import type { DataDirectory } from './machine/data-directory.ts'

/** Git settings that carry the administrator's certificate: no password or token stands in any URL. */
export function writeGitconfig(data: DataDirectory, server: string, admin: { cert: string; key: string }, caCert: string): void {
  data.write('admin.crt', admin.cert)
  data.write('admin.key', admin.key)
  data.write('ca.crt', caCert)
  const lines = [
    `[http "${server}"]`,
    `\tsslCAInfo = ${data.file('ca.crt')}`,
    `\tsslCert = ${data.file('admin.crt')}`,
    `\tsslKey = ${data.file('admin.key')}`,
  ]
  data.write('gitconfig', `${lines.join('\n')}\n`)
}

/** Who speaks git to us; undefined when nobody in particular does. */
export async function gitUser(
  { authenticate }: Pick<Security, 'authenticate'>,
  request: IncomingMessage,
): Promise<GitUser | undefined> {
  try {
    const headers = headersOf(request)
    const authorization = passwordAsToken(headers.authorization)
    const found = await authenticate({
      ...shownBy(request.socket as TLSSocket, Date.now()),
      headers: { ...headers, authorization },
    })
    return found.name === 'system:anonymous' ? undefined : found
  } catch (error) {
    if (error instanceof StatusError && error.code === 401) return undefined
    throw error
  }
}

/** Git sends what it is asked for as user and password: the password is the token. */
function passwordAsToken(authorization = ''): string {
  const [scheme = '', value = ''] = authorization.split(' ')
  if (scheme.toLowerCase() !== 'basic') return authorization
  const pair = Buffer.from(value, 'base64').toString()
  return `Bearer ${pair.slice(pair.indexOf(':') + 1)}`
}
