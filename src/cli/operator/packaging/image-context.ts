import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative, sep } from 'node:path'
import { promisify } from 'node:util'
import { modulesOf } from './module-graph.ts'

interface ImageOptions {
  /** The operators' modules. */
  readonly entries: readonly string[]
  /** An image that has Node 24 as `node`; undefined: from scratch, with this machine's Node. */
  readonly base: string | undefined
}

const ourRoot = realpathSync(join(import.meta.dirname, '../../../..'))

/** Lays out what `docker build` needs in `out`: a Dockerfile, and below rootfs/ all files of the image. Answers their number. */
export async function writeImageContext(out: string, { entries, base }: ImageOptions): Promise<number> {
  const app = join(out, 'rootfs/app')
  const userRoot = projectOf(entries[0] ?? '.')
  const runner = join(ourRoot, 'src/cli/operator/run.ts')
  const main = existsSync(runner) ? runner : join(ourRoot, 'dist/cli/operator/run.js')
  const own = (specifier: string) => (specifier === 'slipway/operators' ? join(ourRoot, 'exports/operators.js') : undefined)
  const operators = join(dirname(main), '../../operators', `public${main.slice(-3)}`)
  const { files, packages } = modulesOf([main, operators, ...entries], { own })
  for (const path of [...files, ...packages, join(ourRoot, 'package.json')]) copy(path, placeIn(app, path, userRoot))
  if (existsSync(join(userRoot, 'package.json'))) copy(join(userRoot, 'package.json'), join(app, 'operator/package.json'))
  const started = entries.map((entry) => `/app/operator/${posix(relative(userRoot, entry))}`)
  writeFileSync(join(app, 'main.mjs'), mainText(`./slipway/${posix(relative(ourRoot, main))}`, started))
  if (!base) await addNode(join(out, 'rootfs'))
  writeFileSync(join(out, 'Dockerfile'), dockerfile(base))
  return files.size
}

const posix = (path: string): string => path.split(sep).join('/')

/** The folder of the nearest package.json; of a file beside our own sources, its folder. */
export function projectOf(file: string): string {
  const start = dirname(realpathSync(file))
  for (let folder = start; folder !== dirname(folder) && folder !== ourRoot; folder = dirname(folder))
    if (existsSync(join(folder, 'package.json'))) return folder
  return start
}

const isBelow = (path: string, folder: string): boolean => path.startsWith(`${folder}${sep}`)

/** Our files go below slipway/, the user's below operator/, each with its packages beside. Throws Error for a file of neither. */
function placeIn(app: string, path: string, userRoot: string): string {
  // One may be within the other: an example in our checkout, or we among the packages of a project.
  const roots = [
    { root: userRoot, place: 'operator' },
    { root: ourRoot, place: 'slipway' },
  ].toSorted((a, b) => b.root.length - a.root.length)
  const found = roots.find(({ root }) => isBelow(path, root))
  if (found) return join(app, found.place, relative(found.root, path))
  if (path.includes(`${sep}node_modules${sep}`)) return join(app, path.slice(path.indexOf(`node_modules${sep}`)))
  throw new Error(`${path} is outside of ${userRoot}: a packaged operator may import only files below its package.json`)
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true })
  cpSync(from, to, { recursive: true, dereference: true })
}

const mainText = (
  runner: string,
  operators: readonly string[],
): string => `// Runs the operators in the cluster that this container is in.
import { run } from '${runner}'

process.exitCode = await run([...${JSON.stringify(operators)}, ...process.argv.slice(2)])
`

/** This machine's Node and the libraries that it loads, where it looks for them. */
async function addNode(rootfs: string): Promise<void> {
  const node = realpathSync(process.execPath)
  copy(node, join(rootfs, 'usr/bin/node'))
  const { stdout } = await promisify(execFile)('ldd', [node])
  for (const line of stdout.split('\n')) {
    const library = /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1]
    if (library) copy(realpathSync(library), join(rootfs, dirname(library), basename(library)))
  }
  mkdirSync(join(rootfs, 'etc'), { recursive: true })
  writeFileSync(join(rootfs, 'etc/passwd'), 'operator:x:65532:65532::/app:/sbin/nologin\n')
}

const dockerfile = (base: string | undefined): string => `# Made by \`slipway operator package\`.
FROM ${base ?? 'scratch'}
COPY rootfs/ /
WORKDIR /app
USER 65532:65532
ENV NODE_ENV=production
ENTRYPOINT ["${base ? 'node' : '/usr/bin/node'}", "--disable-warning=ExperimentalWarning", "/app/main.mjs"]
`
