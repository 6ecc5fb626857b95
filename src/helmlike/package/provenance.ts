// Provenance files: a chart's metadata and checksum in an OpenPGP clear-signed message. The signing is gpg's.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { type Chart, ChartError } from '../chart/chart.ts'
import { metadataToJson } from '../chart/metadata.ts'
import { isMap } from '../gotemplate/value.ts'
import { toYaml } from '../yaml/emit.ts'
import { parseYaml } from '../yaml/parse.ts'

const TIMEOUT_MS = 60_000
const digest = (archive: Buffer) => `sha256:${createHash('sha256').update(archive).digest('hex')}`

/** What is signed: Chart.yaml, then the checksum of the archive. */
function message(c: Chart, archive: Buffer, file: string): string {
  return `${toYaml(metadataToJson(c.metadata))}\n...\n${toYaml(new Map([['files', new Map([[basename(file), digest(archive)]])]]))}`
}

function gpg(args: readonly string[], input: string): Promise<{ status: number; out: string; err: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('gpg', ['--batch', '--no-tty', ...args], { timeout: TIMEOUT_MS })
    let [out, err] = ['', '']
    child.stdout.on('data', (d: Buffer) => {
      out += d
    })
    child.stderr.on('data', (d: Buffer) => {
      err += d
    })
    child.on('error', (e: NodeJS.ErrnoException) =>
      reject(e.code === 'ENOENT' ? new ChartError('signing and verifying need gpg, which is not installed') : e),
    )
    child.on('close', (status) => resolve({ status: status ?? 1, out, err }))
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}

interface Keyring {
  readonly key?: string | undefined
  readonly keyring?: string | undefined
  readonly passphraseFile?: string | undefined
}

/** gpg's arguments for the user's keys. A file of exported keys, as Helm reads them, becomes a keyring of its own for the while. */
async function withKeys<T>(k: Keyring, use: (args: readonly string[]) => Promise<T>): Promise<T> {
  if (!k.keyring) return use([])
  if (isKeybox(k.keyring)) return use(['--no-default-keyring', '--keyring', k.keyring])
  const home = mkdtempSync(join(tmpdir(), 'slipway-gpg-'))
  try {
    const pass = k.passphraseFile ? ['--pinentry-mode', 'loopback', '--passphrase-file', k.passphraseFile] : []
    const { status, err } = await gpg(['--homedir', home, ...pass, '--import', k.keyring], '')
    if (status !== 0) throw new ChartError(`${k.keyring} holds no keys that gpg can read: ${err.trim()}`)
    return await use(['--homedir', home, '--trust-model', 'always'])
  } finally {
    spawnSync('gpgconf', ['--homedir', home, '--kill', 'gpg-agent'], { stdio: 'ignore' })
    rmSync(home, { recursive: true, force: true })
  }
}

/** gpg's own format, which it does not import. */
function isKeybox(path: string): boolean {
  try {
    return readFileSync(path).subarray(8, 12).toString('latin1') === 'KBXf'
  } catch (e) {
    throw new ChartError(`keyring ${path}: ${(e as Error).message}`)
  }
}

/** The text of the .prov file. Throws ChartError when gpg refuses. */
export async function sign(c: Chart, archive: Buffer, file: string, k: Keyring): Promise<string> {
  const pass = k.passphraseFile ? ['--pinentry-mode', 'loopback', '--passphrase-file', k.passphraseFile] : []
  const user = k.key ? ['--local-user', k.key] : []
  const { status, out, err } = await withKeys(k, (keys) =>
    gpg([...keys, ...pass, ...user, '--digest-algo', 'SHA512', '--clearsign'], message(c, archive, file)),
  )
  if (status !== 0) throw new ChartError(`gpg could not sign: ${err.trim()}`)
  return out
}

/** What a signature that holds says. */
export interface Verified {
  readonly signer: string
  /** Of the primary key, in capitals. */
  readonly fingerprint: string
  /** `sha256:…` of the archive. */
  readonly digest: string
}

/** Helm's words for it. */
export const verifiedText = (v: Verified): string =>
  `Signed by: ${v.signer}\nUsing Key With Fingerprint: ${v.fingerprint}\nChart Hash Verified: ${v.digest}\n`

/** Checks signature and checksum; who signed. Throws ChartError. */
export async function verify(archive: Buffer, file: string, provenance: string, k: Keyring): Promise<Verified> {
  const { status, out, err } = await withKeys(k, (keys) => gpg([...keys, '--status-fd', '2', '--decrypt'], provenance))
  if (status !== 0 || !/\[GNUPG:\] VALIDSIG /.test(err))
    throw new ChartError(`signature of ${basename(file)} is not valid: ${reason(err)}`)
  const sums = parseYaml(out.slice(out.indexOf('\n...\n') + 5))
  const files = isMap(sums) ? sums.get('files') : undefined
  const expected = isMap(files) ? files.get(basename(file)) : undefined
  if (expected === undefined)
    throw new ChartError(`provenance does not contain a SHA for a file named ${JSON.stringify(basename(file))}`)
  if (expected !== digest(archive))
    throw new ChartError(
      `sha256 sum does not match for ${basename(file)}: ${JSON.stringify(expected)} != ${JSON.stringify(digest(archive))}`,
    )
  return {
    signer: /GOODSIG \S+ (.*)/.exec(err)?.[1] ?? 'unknown signer',
    fingerprint: /VALIDSIG .*?([0-9A-F]{40,64})$/m.exec(err)?.[1] ?? '',
    digest: expected,
  }
}

const reason = (err: string) =>
  err
    .split('\n')
    .filter((l) => l.startsWith('gpg:'))
    .join('; ') || err.trim()
