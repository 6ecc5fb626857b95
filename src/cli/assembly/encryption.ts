import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type EncryptionRule, readEncryptionConfiguration } from '../../store/encryption/configuration.ts'

/**
 * What is encrypted where it is kept: as the file says, or else as `encryption.yaml` in the folder of keys does, which is made when it is
 * missing and encrypts Secrets. Without both nothing is.
 */
export async function encryptionRules(file: string | undefined, pki: string | undefined): Promise<EncryptionRule[]> {
  if (file) return readEncryptionConfiguration(await readFile(file, 'utf8'), `--encryption-provider-config ${file}`)
  if (!pki) return []
  const own = join(pki, 'encryption.yaml')
  await mkdir(pki, { recursive: true, mode: 0o700 })
  // Of two servers that start on one folder, one makes it.
  await writeFile(own, newConfiguration(), { mode: 0o600, flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  return readEncryptionConfiguration(await readFile(own, 'utf8'), own)
}

const newConfiguration =
  (): string => `# What is encrypted where it is kept. Without these keys the Secrets in the store cannot be read: keep a copy.
# To change the key: put a new one first and start again. What the older one wrote is then written again, and it can go at the next start.
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
  - resources: [secrets]
    providers:
      - aesgcm:
          keys:
            - name: key1
              secret: ${randomBytes(32).toString('base64')}
      - identity: {}
`
