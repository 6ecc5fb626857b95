// Post-renderers: a program that gets every rendered document on its standard input and prints what shall be used instead.
import { ChartError } from '../chart/chart.ts'
import { splitDocuments } from './manifests.ts'

const TIMEOUT_MS = 300_000
const MAX_OUTPUT = 64 << 20

/** Where the program's documents seem to come from. */
export const POST_RENDERED = 'post-rendered.yaml'

/** A step for `render`. Throws ChartError with what the program said. */
export function postRenderer(
  program: string,
  args: readonly string[],
): (files: Map<string, string>) => Promise<Map<string, string>> {
  return async (files) => {
    const input = [...files.values()].flatMap((text) => splitDocuments(text).map((d) => d.content))
    const documents = input.filter((text) => text.trim() !== '').map((text) => `---\n${text}\n`)
    return new Map([[POST_RENDERED, await run(program, args, documents.join(''))]])
  }
}

function run(program: string, args: readonly string[], input: string): Promise<string> {
  const { spawn } = process.getBuiltinModule('node:child_process')
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args], { timeout: TIMEOUT_MS, stdio: ['pipe', 'pipe', 'pipe'] })
    const fail = (what: string) => reject(new ChartError(`error while running post render on files: ${program}: ${what}`))
    const out: Buffer[] = []
    let [size, problems] = [0, '']
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > MAX_OUTPUT) child.kill()
      else out.push(chunk)
    })
    child.stderr.on('data', (chunk: Buffer) => {
      problems = (problems + chunk).slice(-4096)
    })
    child.on('error', (e) => fail(e.message))
    // A program that reads no further is no error of ours.
    child.stdin.on('error', () => {})
    child.on('close', (status) => {
      if (size > MAX_OUTPUT) fail(`it printed more than ${MAX_OUTPUT} bytes`)
      else if (status !== 0) fail(problems.trim() || `exit status ${status}`)
      else if (size === 0) fail('it produced no output')
      else resolve(Buffer.concat(out).toString('utf8'))
    })
    child.stdin.end(input)
  })
}
