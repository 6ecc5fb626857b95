// `npm run generate`: writes every generated file; with --check says which are out of date instead and exits 1.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { generateKinds, generateResources } from './generate-kinds.ts'

const check = process.argv.includes('--check')
const files: Record<string, () => string | Promise<string>> = {
  'src/apimachinery/kinds.generated.ts': generateKinds,
  'src/apimachinery/resources.generated.ts': generateResources,
}
let stale = 0
for (const [path, generate] of Object.entries(files)) {
  const text = await generate()
  if (existsSync(path) && readFileSync(path, 'utf8') === text) continue
  stale++
  if (check) console.error(`${path} is out of date: run npm run generate`)
  else writeFileSync(path, text)
}
console.log(
  check ? (stale === 0 ? 'generated files are current' : `${stale} generated files are out of date`) : `${stale} files written`,
)
process.exit(check && stale > 0 ? 1 : 0)
