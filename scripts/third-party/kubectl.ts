import { spawn } from 'node:child_process'

export interface Ran {
  readonly status: number
  readonly out: string
  readonly err: string
}

/** Runs a program to its end, with `input` on its standard input. */
export function run(program: string, args: readonly string[], input = '', env: NodeJS.ProcessEnv = process.env): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'] })
    const text = { out: '', err: '' }
    child.stdout.on('data', (chunk: Buffer) => (text.out += chunk))
    child.stderr.on('data', (chunk: Buffer) => (text.err += chunk))
    child.on('error', reject)
    child.on('close', (code) => resolve({ status: code ?? 1, ...text }))
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
  })
}

/** kubectl on one cluster. */
export class Kubectl {
  readonly kubeconfig: string
  readonly #program: string
  constructor(program: string, kubeconfig: string) {
    this.#program = program
    this.kubeconfig = kubeconfig
  }

  try(args: readonly string[], input?: string): Promise<Ran> {
    return run(this.#program, ['--kubeconfig', this.kubeconfig, ...args], input)
  }

  /** Its standard output; throws with what it said when it fails. */
  async must(args: readonly string[], input?: string): Promise<string> {
    const { status, out, err } = await this.try(args, input)
    if (status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${err.trim() || out.trim()}`)
    return out
  }

  apply(manifest: string): Promise<string> {
    return this.must(['apply', '--server-side', '--force-conflicts', '-f', '-'], manifest)
  }
}
