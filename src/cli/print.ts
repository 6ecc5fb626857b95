// Standard output without its stream, which takes longer to load than most charts to render.
import { writeSync } from 'node:fs'

/** Writes all of `text` to standard output. A reader that has gone (`| head`) is no error. */
export function print(text: string): Promise<void> {
  const bytes = Buffer.from(text)
  let at = 0
  try {
    while (at < bytes.length) at += writeSync(1, bytes, at)
  } catch (e) {
    const { code } = e as NodeJS.ErrnoException
    if (code === 'EPIPE') return Promise.resolve()
    if (code !== 'EAGAIN') throw e
    // A pipe that does not block: its stream knows how to wait.
    return new Promise((resolve, reject) =>
      process.stdout.write(bytes.subarray(at), (problem) => (problem ? reject(problem) : resolve())),
    )
  }
  return Promise.resolve()
}
