import type { Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { type ChokidarOptions, type FSWatcher, watch } from 'chokidar'

/**
 * Calls `act` after files were saved, one call at a time: what is saved while it runs makes one more call. A save that an editor makes
 * in several steps is one, since all of them are there before the next turn of the event loop has read the file.
 */
export class Saves {
  readonly #act: () => Promise<void>
  #running: Promise<void> | undefined
  #again = false

  constructor(act: () => Promise<void>) {
    this.#act = act
  }

  /** Something was saved. */
  note(): void {
    this.#again = true
    this.#running ??= this.#work().finally(() => {
      this.#running = undefined
    })
  }

  async #work(): Promise<void> {
    while (this.#again) {
      this.#again = false
      await new Promise((resolve) => setImmediate(resolve))
      await this.#act()
    }
  }

  /** Resolves when nothing is left to do. */
  async settled(): Promise<void> {
    await this.#running
  }
}

/** chokidar drops a change of a file that follows another one within 50 ms. */
const droppedMs = 60

/** Tells of every file below `paths` that is made, saved or deleted, once the watch is set up. */
export async function watchFiles(
  paths: readonly string[],
  changed: () => void,
  options: ChokidarOptions = {},
): Promise<FSWatcher> {
  const watcher = watch([...paths], { ignoreInitial: true, atomic: true, alwaysStat: true, ...options })
  const lookAgain = async (path: string, { mtimeMs, size }: Stats) => {
    const now = await stat(path).catch(() => undefined)
    if (now && (now.mtimeMs !== mtimeMs || now.size !== size)) changed()
  }
  watcher.on('all', (_, path, stats) => {
    changed()
    if (stats) setTimeout(() => void lookAgain(path, stats), droppedMs).unref()
  })
  await new Promise<void>((resolve) => watcher.once('ready', () => resolve()))
  return watcher
}
