// Checks the import directions of ARCHITECTURE.md: a folder may import only folders below it; neighbours never import each other.
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

/** What each folder of src/ may import values from. Type-only imports may go to anything below or to api's types. */
const below: Record<string, readonly string[]> = {
  apimachinery: [],
  http2: [],
  store: ['apimachinery'],
  crd: ['apimachinery', 'store'],
  api: ['apimachinery', 'http2', 'store', 'crd'],
  client: ['apimachinery', 'http2'],
  operators: ['apimachinery', 'client', 'crd'],
  helmlike: ['apimachinery', 'crd', 'client'],
  controllers: ['apimachinery', 'client', 'operators', 'crd'],
  compositions: ['apimachinery', 'client', 'operators', 'crd'],
  scheduler: ['apimachinery', 'client', 'operators'],
  nodes: ['apimachinery', 'client', 'operators'],
  network: ['apimachinery', 'client', 'operators'],
  sync: ['apimachinery', 'client', 'operators', 'crd', 'helmlike'],
  testkit: ['apimachinery', 'store', 'crd', 'api', 'client', 'operators', 'controllers', 'scheduler'],
}
const everything = Object.keys(below)
const typesOnly: Record<string, readonly string[]> = { client: ['api'] }

const problems: string[] = []
for (const file of globSync('src/**/*.ts')) {
  const folder = file.split('/')[1] ?? ''
  const allowed = folder === 'cli' ? everything : below[folder]
  if (!allowed) {
    problems.push(
      `${file}: src/${folder} is not a folder of the architecture; add it to scripts/check-imports.ts and ARCHITECTURE.md`,
    )
    continue
  }
  const text = readFileSync(file, 'utf8')
  for (const m of text.matchAll(
    /^\s*(?:import|export)\s+(type\s)?[^'"]*?from\s+['"](\.[^'"]+)['"]|import\(\s*['"](\.[^'"]+)['"]\s*\)/gm,
  )) {
    const target = normalize(join(dirname(file), m[2] ?? m[3] ?? ''))
    const to = target.startsWith('src/') ? (target.split('/')[1] ?? '') : undefined
    if (to === undefined || to === folder || to.includes('.')) continue
    if (allowed.includes(to) || (m[1] && typesOnly[folder]?.includes(to))) continue
    problems.push(`${file}: imports ${target}, but src/${folder} may import only ${allowed.join(', ') || 'nothing of src/'}`)
  }
}
for (const p of problems) console.error(p)
console.log(problems.length === 0 ? 'import directions hold' : `${problems.length} imports go the wrong way`)
process.exit(problems.length === 0 ? 0 : 1)
