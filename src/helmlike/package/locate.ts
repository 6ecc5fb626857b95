// A chart by whatever a user calls it: a path, repo/name, a URL, an OCI reference.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { readArchive } from '../chart/archive.ts'
import { type Chart, ChartError } from '../chart/chart.ts'
import { chartFromFiles, loadChart } from '../chart/load.ts'
import { type Access, accessTo, download } from './http.ts'
import { pullChart } from './oci.ts'
import type { Verified } from './provenance.ts'
import { indexAt, indexOf, repositories } from './repositories.ts'
import { findVersion } from './repository-index.ts'

export interface LocateOptions extends Access {
  /** A version or range; '' is the newest. */
  readonly version?: string | undefined
  /** A repository's URL for a bare name. */
  readonly repo?: string | undefined
  readonly plainHttp?: boolean
  /** The chart's signature is checked; a keyring of gpg, or exported keys. */
  readonly verify?: { readonly keyring: string | undefined }
}

export interface Found {
  readonly archive: Buffer
  readonly provenance: (() => Promise<Buffer>) | undefined
  readonly name: string
}

/** Downloads a chart's archive. Throws ChartError. */
export async function fetchChart(reference: string, o: LocateOptions): Promise<Found> {
  const range = o.version ?? ''
  if (reference.startsWith('oci://')) {
    const { archive, provenance } = await pullChart(reference, range, { ...o, plainHttp: o.plainHttp ?? false })
    return { archive, provenance: provenance ? async () => provenance : undefined, name: reference }
  }
  const at = (url: string, a: Access): Promise<Found> =>
    download(url, a).then((archive) => ({ archive, provenance: () => download(`${url}.prov`, a), name: url }))
  const inIndex = (listed: string | undefined, repository: string, a: Access) => {
    const url = absolute(listed ?? '', repository)
    return at(url, accessTo(url, repository, a))
  }
  if (/^https?:\/\//.test(reference)) return at(reference, o)
  if (o.repo) {
    const entry = findVersion(await indexAt(o.repo, o), reference, range)
    return inIndex(entry.urls[0], o.repo, o)
  }
  const [repo = '', ...name] = reference.split('/')
  const known = repositories().find((r) => r.name === repo)
  if (!known || name.length === 0)
    throw new ChartError(
      `there is no chart ${JSON.stringify(reference)}: no such path, and no repository named ${JSON.stringify(repo)}`,
    )
  const entry = findVersion(await indexOf(known), name.join('/'), range)
  return inIndex(entry.urls[0], known.url, known)
}

/** A URL of an index is relative to the repository. */
function absolute(url: string, base: string): string {
  return /^(?:https?|oci):/.test(url) ? url : new URL(url, `${base.replace(/\/$/, '')}/`).href
}

/** The name of a downloaded archive, which its provenance file calls it by. */
export const downloadName = (found: Found, chart: Chart): string =>
  found.name.startsWith('oci://')
    ? `${chart.metadata.name}-${chart.metadata.version}.tgz`
    : basename(new URL(found.name).pathname)

/** The chart itself, from disk or the net. Throws ChartError. */
export async function locateChart(reference: string, o: LocateOptions = {}): Promise<Chart> {
  if (!o.repo && existsSync(reference)) {
    if (o.verify) await verifyFile(reference, o.verify)
    return loadChart(reference)
  }
  const found = await fetchChart(reference, o)
  if (o.verify) await verifyFound(found, o.verify)
  return chartFromFiles(readArchive(found.archive))
}

/** Checks a downloaded archive against its provenance file. Throws ChartError. */
export async function verifyFound(found: Found, keys: { readonly keyring: string | undefined }): Promise<Verified> {
  const { verify } = await import('./provenance.ts')
  const name = downloadName(found, chartFromFiles(readArchive(found.archive)))
  return verify(found.archive, name, await provenanceOf(found), keys)
}

/** Checks an archive on disk against the .prov file beside it. Throws ChartError. */
export async function verifyFile(path: string, keys: { readonly keyring: string | undefined }): Promise<Verified> {
  if (!existsSync(path)) throw new ChartError(`${path}: no such file`)
  if (statSync(path).isDirectory()) throw new ChartError('unpacked charts cannot be verified')
  if (!existsSync(`${path}.prov`)) throw new ChartError(`could not load provenance file ${path}.prov: no such file`)
  const { verify } = await import('./provenance.ts')
  return verify(readFileSync(path), path, readFileSync(`${path}.prov`, 'utf8'), keys)
}

/** A downloaded chart's provenance file. Throws ChartError where there is none. */
export async function provenanceOf(found: Found): Promise<string> {
  const missing = new ChartError(`failed to fetch provenance ${JSON.stringify(`${found.name}.prov`)}`)
  if (!found.provenance) throw missing
  try {
    return (await found.provenance()).toString('utf8')
  } catch (e) {
    throw e instanceof ChartError ? missing : e
  }
}
