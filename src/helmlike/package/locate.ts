// A chart by whatever a user calls it: a path, repo/name, a URL, an OCI reference.
import { existsSync } from 'node:fs'
import { readArchive } from '../chart/archive.ts'
import { type Chart, ChartError } from '../chart/chart.ts'
import { chartFromFiles, loadChart } from '../chart/load.ts'
import { type Access, accessTo, download } from './http.ts'
import { pullChart } from './oci.ts'
import { indexAt, indexOf, repositories } from './repositories.ts'
import { findVersion } from './repository-index.ts'

export interface LocateOptions extends Access {
  /** A version or range; '' is the newest. */
  readonly version?: string | undefined
  /** A repository's URL for a bare name. */
  readonly repo?: string | undefined
  readonly plainHttp?: boolean
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
export function absolute(url: string, base: string): string {
  return /^(?:https?|oci):/.test(url) ? url : new URL(url, `${base.replace(/\/$/, '')}/`).href
}

/** The chart itself, from disk or the net. Throws ChartError. */
export async function locateChart(reference: string, o: LocateOptions = {}): Promise<Chart> {
  if (!o.repo && existsSync(reference)) return loadChart(reference)
  const { archive } = await fetchChart(reference, o)
  return chartFromFiles(readArchive(archive))
}
