// Runs the tests: every tests/**/*.test.ts in a process of its own, unit tests side by side, end-to-end tests
// (tests/e2e/) one after another. Ends with the line `N passed, N failed`.
//   node scripts/test.ts [--unit | --e2e] [path or part of a path …]
import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'

interface Outcome {
  readonly file: string
  readonly passed: number
  readonly total: number
  readonly output: string
  readonly exitCode: number
}

const deadlineMs = 15 * 60_000

/** Runs one test file and reads uvu's closing lines; a file that dies before them counts as one failure. */
function runFile(file: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1' },
    })
    let output = ''
    const timer = setTimeout(() => {
      output += `\n${file}: no end after ${deadlineMs / 60_000} minutes, killed\n`
      child.kill('SIGKILL')
    }, deadlineMs)
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk))
    child.on('close', (code) => {
      clearTimeout(timer)
      const sum = (label: string) =>
        [...output.matchAll(new RegExp(`^\\s+${label}:\\s+(\\d+)`, 'gm'))].reduce((n, m) => n + Number(m[1]), 0)
      resolve({ file, passed: sum('Passed'), total: sum('Total'), output, exitCode: code ?? 1 })
    })
  })
}

function failuresOf(o: Outcome): number {
  const failed = o.total - o.passed
  return failed > 0 || o.exitCode === 0 ? failed : 1
}

async function runAll(files: readonly string[], jobs: number, outcomes: Outcome[]): Promise<void> {
  const queue = [...files]
  const worker = async () => {
    for (let file = queue.shift(); file; file = queue.shift()) {
      const started = performance.now()
      const outcome = await runFile(file)
      outcomes.push(outcome)
      const bad = failuresOf(outcome) > 0
      console.log(
        `${bad ? 'FAIL' : 'ok  '} ${file} (${outcome.passed}/${outcome.total}, ${Math.round(performance.now() - started)} ms)`,
      )
      if (bad) console.log(outcome.output)
    }
  }
  await Promise.all(Array.from({ length: jobs }, worker))
}

const args = process.argv.slice(2)
const patterns = args.filter((a) => !a.startsWith('--'))
const all = globSync('tests/**/*.test.ts')
  .sort()
  .filter((f) => patterns.length === 0 || patterns.some((p) => f.includes(p)))
const endToEnd = all.filter((f) => f.startsWith('tests/e2e/'))
const unit = all.filter((f) => !f.startsWith('tests/e2e/'))
const outcomes: Outcome[] = []
if (!args.includes('--e2e')) await runAll(unit, availableParallelism(), outcomes)
if (!args.includes('--unit')) await runAll(endToEnd, 1, outcomes)
const passed = outcomes.reduce((n, o) => n + o.passed, 0)
const failed = outcomes.reduce((n, o) => n + failuresOf(o), 0)
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed > 0 || passed === 0 ? 1 : 0)
