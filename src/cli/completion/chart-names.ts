// Names that a chart verb may be asked for: releases, their revisions, repositories and their charts, contexts, namespaces.
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { namespaces } from '../../apimachinery/resources.generated.ts'
import { cachedIndex, repositories } from '../../helmlike/package/repositories.ts'
import { chartLabel } from '../../helmlike/release/record.ts'
import { ReleaseStore } from '../../helmlike/release/release-store.ts'
import type { Flags } from '../chart/flags/flags.ts'
import { connectBy } from '../chart/release.ts'
import type { Candidate } from './candidates.ts'

export async function releases(flags: Flags): Promise<Candidate[]> {
  const { releases, namespace } = await connectBy(flags)
  const store = new ReleaseStore(releases.cluster.client, namespace, () => new Date())
  return (await store.newest()).map((r) => ({ word: r.name, about: `${chartLabel(r)} -> ${r.info.status}` }))
}

/** Those of a release, the newest first. */
export async function revisions(flags: Flags, release: string): Promise<Candidate[]> {
  const { releases } = await connectBy(flags)
  return (await releases.history(release))
    .map((r): Candidate => ({ word: String(r.version), about: `${r.info.status}, ${chartLabel(r)}` }))
    .reverse()
}

export async function namespaceNames(flags: Flags): Promise<Candidate[]> {
  const { releases } = await connectBy(flags)
  return (await releases.cluster.client.list(namespaces)).items.map((n) => ({ word: n.metadata.name ?? '' }))
}

export async function contexts(flags: Flags): Promise<Candidate[]> {
  const path = flags.get('kubeconfig') ?? process.env.KUBECONFIG ?? join(homedir(), '.kube', 'config')
  const config = parse(await readFile(path, 'utf8')) as { contexts?: { name: string; context?: { cluster?: string } }[] } | null
  return (config?.contexts ?? []).map(({ name, context }) => ({ word: name, about: context?.cluster ?? '' }))
}

export const repositoryNames = (): Candidate[] => repositories().map(({ name, url }) => ({ word: name, about: url }))

/** REPOSITORY/CHART of every known repository. */
export function repositoryCharts(): Candidate[] {
  return repositories().flatMap((r) =>
    [...(cachedIndex(r) ?? [])].map(([name, versions]) => ({
      word: `${r.name}/${name}`,
      about: versions[0]?.description ?? '',
    })),
  )
}
