import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { parse, stringify } from 'yaml'
import { DataDirectory } from './assembly/machine/data-directory.ts'

const help = `slipway kubeconfig: credentials of the administrator for kubectl, helm and git

  --data DIR       the data directory; default $SLIPWAY_DATA or ~/.slipway
  --path           print the file's path instead of its content
  --merge          merge it into $KUBECONFIG or ~/.kube/config as context "slipway"
  --git            print the path of git's settings: git clone -c include.path=$(slipway kubeconfig --git) URL
  -o json|yaml     default yaml

Examples:
  export KUBECONFIG=$(slipway kubeconfig --path)
  slipway kubeconfig --merge && kubectl --context slipway get nodes
`

interface Kubeconfig {
  clusters?: { name: string }[]
  users?: { name: string }[]
  contexts?: { name: string }[]
  [key: string]: unknown
}

/** `slipway kubeconfig`. */
export async function run(argv: string[]): Promise<number> {
  const { values } = parseArgs({
    args: argv,
    options: {
      data: { type: 'string' },
      path: { type: 'boolean' },
      merge: { type: 'boolean' },
      git: { type: 'boolean' },
      output: { type: 'string', short: 'o', default: 'yaml' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) {
    process.stdout.write(help)
    return 0
  }
  const data = new DataDirectory(values.data)
  if (!existsSync(data.kubeconfig)) {
    process.stderr.write(`slipway: no cluster in ${data.path}: start one with \`slipway up --data ${data.path}\`\n`)
    return 1
  }
  if (values.git) process.stdout.write(`${data.gitconfig}\n`)
  else if (values.path) process.stdout.write(`${data.kubeconfig}\n`)
  else if (values.merge) merge(data.kubeconfig)
  else {
    const text = readFileSync(data.kubeconfig, 'utf8')
    process.stdout.write(values.output === 'json' ? `${JSON.stringify(parse(text))}\n` : text)
  }
  return 0
}

function merge(source: string): void {
  const target = process.env.KUBECONFIG?.split(':')[0] || join(homedir(), '.kube', 'config')
  const ours = parse(readFileSync(source, 'utf8')) as Kubeconfig
  const theirs = existsSync(target) ? ((parse(readFileSync(target, 'utf8')) as Kubeconfig | null) ?? {}) : {}
  const merged: Kubeconfig = { apiVersion: 'v1', kind: 'Config', ...theirs }
  for (const list of ['clusters', 'users', 'contexts'] as const) {
    const names = new Set((ours[list] ?? []).map((entry) => entry.name))
    merged[list] = [...(theirs[list] ?? []).filter((entry) => !names.has(entry.name)), ...(ours[list] ?? [])]
  }
  merged['current-context'] ??= ours['current-context']
  mkdirSync(dirname(target), { recursive: true })
  writeFileSync(target, stringify(merged, { lineWidth: 0 }), { mode: 0o600 })
  process.stderr.write(`merged into ${target} as context "slipway"\n`)
}
