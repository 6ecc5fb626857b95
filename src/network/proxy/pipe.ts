import { spawn } from 'node:child_process'

/** A program refused what it was given, or is not installed (`code` ENOENT). */
class ProgramError extends Error {
  readonly code: string | number | undefined

  constructor(program: string, reason: string, code: string | number | undefined) {
    super(`${program}: ${reason.trim().slice(0, 1000)}`)
    this.name = 'ProgramError'
    this.code = code
  }
}

/** Runs a program with `input` as its standard input; resolves with what it prints. Throws ProgramError when it fails. */
export function pipe(program: string, args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    let output = ''
    let complaint = ''
    child.stdout.setEncoding('utf8').on('data', (piece: string) => (output += piece))
    child.stderr.setEncoding('utf8').on('data', (piece: string) => {
      if (complaint.length < 10_000) complaint += piece
    })
    child.on('error', (error: NodeJS.ErrnoException) =>
      reject(new ProgramError(program, error.code === 'ENOENT' ? 'not installed' : error.message, error.code)),
    )
    child.on('close', (code) => {
      if (code === 0) resolve(output)
      else reject(new ProgramError(program, complaint || `ended with ${code}`, code ?? undefined))
    })
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}
