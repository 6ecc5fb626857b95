import type { TreeFile } from '../git/tree.ts'
import { describe, type Manifest, ManifestError } from './manifest.ts'
import { parseManifests } from './yaml-manifests.ts'

/** Renders a chart's files to manifests; src/helmlike's renderer, given by the caller who knows release and values. */
export type RenderChart = (files: readonly TreeFile[]) => Promise<readonly Manifest[]>

type SourceType = 'Directory' | 'Helm' | 'Kustomize'

/** As Argo CD decides: Chart.yaml → Helm, a kustomization file → Kustomize, else plain manifests. */
export function sourceTypeOf(paths: readonly string[]): SourceType {
  if (paths.includes('Chart.yaml')) return 'Helm'
  return paths.some((p) => /^(kustomization\.ya?ml|Kustomization)$/.test(p)) ? 'Kustomize' : 'Directory'
}

/**
 * The manifests of a folder. In a plain folder every .yaml, .yml and .json file counts, except below dot-folders and node_modules, and npm's own. Throws ManifestError with
 * file and line; two manifests of one object are an error too.
 */
export async function render(files: readonly TreeFile[], renderChart: RenderChart): Promise<Manifest[]> {
  const type = sourceTypeOf(files.map((f) => f.path))
  if (type === 'Kustomize') {
    const file = files.find((f) => /^(kustomization\.ya?ml|Kustomization)$/.test(f.path))?.path ?? 'kustomization.yaml'
    throw new ManifestError(
      'Kustomize is not rendered yet',
      { file, line: 1, column: 1 },
      'push the output of `kubectl kustomize`, or a chart',
    )
  }
  const manifests = type === 'Helm' ? [...(await renderChart(files))] : await renderDirectory(files)
  refuseTwins(manifests)
  return manifests
}

/** The files of npm and TypeScript beside an operator's code say nothing of objects. */
const ofNpm = /^(package|package-lock|npm-shrinkwrap|tsconfig(\..*)?)\.json$/

function isManifest(path: string): boolean {
  const parts = path.split('/')
  if (!/\.(ya?ml|json)$/.test(path) || parts.some((part) => part.startsWith('.') || part === 'node_modules')) return false
  return !ofNpm.test(parts.at(-1) ?? '')
}

async function renderDirectory(files: readonly TreeFile[]): Promise<Manifest[]> {
  const manifests: Manifest[] = []
  for (const file of files) {
    if (!isManifest(file.path)) continue
    const text = new TextDecoder('utf-8', { fatal: true })
    let content: string
    try {
      content = text.decode(await file.read())
    } catch (error) {
      throw new ManifestError(error instanceof TypeError ? 'is not UTF-8 text' : (error as Error).message, {
        file: file.path,
        line: 1,
        column: 1,
      })
    }
    manifests.push(...parseManifests(file.path, content))
  }
  return manifests
}

function refuseTwins(manifests: readonly Manifest[]): void {
  const seen = new Map<string, Manifest>()
  for (const m of manifests) {
    const group = (m.object.apiVersion ?? '').split('/').slice(0, -1).join('/')
    const id = `${group}/${m.object.kind}/${m.object.metadata.namespace ?? ''}/${m.object.metadata.name}`
    const twin = seen.get(id)
    if (twin) {
      throw new ManifestError(
        `${describe(m.object)} stands here again: it is already at ${twin.place.file}:${twin.place.line}`,
        m.place,
        'keep one of the two',
      )
    }
    seen.set(id, m)
  }
}
