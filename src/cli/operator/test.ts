import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { parseArgs } from 'node:util'

const help = `slipway operator test: runs tests written with node:test, on the test kit (slipway/testkit)

  slipway operator test [FILE …]      default: all *.test.ts and *.test.js below this folder

  --watch       runs again whenever a file is saved
  --only NAME   tests whose name matches

Example:
  slipway operator test --watch
`

/** `slipway operator test`: exits as the tests do. */
export async function run(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      watch: { type: 'boolean', default: false },
      only: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) {
    process.stdout.write(help)
    return 0
  }
  const exclude = (path: string): boolean => path.includes('node_modules')
  const files = positionals.length > 0 ? positionals : globSync('**/*.test.{ts,js,mts,mjs}', { exclude })
  if (files.length === 0) {
    process.stderr.write('slipway: there are no tests here: name one *.test.ts\n')
    return 1
  }
  const more = [...(values.watch ? ['--watch'] : []), ...(values.only ? [`--test-name-pattern=${values.only}`] : [])]
  const ours = new URL('../assembly/share-ourselves.ts', import.meta.url).href.replace(
    /\.ts$/,
    import.meta.url.endsWith('.js') ? '.js' : '.ts',
  )
  const args = ['--disable-warning=ExperimentalWarning', '--import', ours, '--test', ...more, ...files]
  const child = spawn(process.execPath, args, { stdio: 'inherit' })
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => child.kill(name))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}
