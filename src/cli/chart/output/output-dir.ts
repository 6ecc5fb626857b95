// --output-dir: what each template made in a file of its own.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Rendered } from '../../../helmlike/render/render.ts'
import { print } from '../../print.ts'

/** Writes the manifests below `folder` under their templates' paths. */
export async function writeFiles(r: Rendered, folder: string, includeCrds: boolean): Promise<void> {
  const files = new Map<string, string>()
  const add = (path: string, content: string) => files.set(path, `${files.get(path) ?? ''}---\n# Source: ${path}\n${content}\n`)
  if (includeCrds) for (const crd of r.crds) add(crd.path, crd.data.toString('utf8'))
  for (const m of [...r.manifests, ...r.hooks]) add(m.path, m.content)
  for (const [name, text] of files) {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
    await print(`wrote ${path}\n`)
  }
}
