// Standard output and error without their streams, which take longer to load than most charts to render.
import { writeSync } from 'node:fs'

/** Writes all of `text` to standard output. A reader that has gone (`| head`) is no error. */
export const print = (text: string): Promise<void> => write(1, 'stdout', text)

/** Writes all of `text` to standard error, as `print` does. */
export const printError = (text: string): Promise<void> => write(2, 'stderr', text)

async function write(file: number, stream: 'stdout' | 'stderr', text: string): Promise<void> {
  const bytes = Buffer.from(text)
  let at = 0
  try {
    while (at < bytes.length) at += writeSync(file, bytes, at)
  } catch (e) {
    const { code } = e as NodeJS.ErrnoException
    if (code === 'EPIPE') return
    if (code !== 'EAGAIN') throw e
    // A pipe that does not block: its stream knows how to wait.
    await new Promise<void>((resolve, reject) =>
      process[stream].write(bytes.subarray(at), (problem) => (problem ? reject(problem) : resolve())),
    )
  }
}
