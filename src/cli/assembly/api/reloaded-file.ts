import { type FSWatcher, watch } from 'node:fs'
import { readFile, realpath } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { ReloadMetrics } from '../../../api/health/reload-metrics.ts'

interface ReloadedFileOptions {
  readonly path: string
  /** For the log: `authorization config`. */
  readonly subject: string
  /** What the server started with. */
  readonly content: string
  /** Takes over what the file says now. Throws for what is not good: then what was before stays. */
  readonly apply: (content: string) => void | Promise<void>
  readonly metrics: ReloadMetrics
  readonly log?: (line: string) => void
}

/** What is in the file is good, but cannot be taken over now: it is tried again in a minute. */
export class TryLater extends Error {}

const laterMs = 60_000

/** A file in several writes is one change. */
const settledMs = 100

/**
 * Follows a configuration file while the server runs. Its folder is watched, and the one that a link leads to: files are replaced by renaming,
 * and mounted ones by another link.
 */
export class ReloadedFile {
  readonly #options: ReloadedFileOptions
  #content: string
  #watchers: FSWatcher[] = []
  #soon: NodeJS.Timeout | undefined
  #later: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #isClosed = false

  constructor(options: ReloadedFileOptions) {
    this.#options = options
    this.#content = options.content
  }

  /** Watches until `close`. */
  async follow(): Promise<this> {
    const { path } = this.#options
    const folders = new Set([dirname(path), dirname(await realpath(path).catch(() => path))])
    if (this.#isClosed) return this
    const before = this.#watchers
    this.#watchers = [...folders].flatMap((folder) => this.#watch(folder))
    for (const watcher of before) watcher.close()
    return this
  }

  #watch(folder: string): FSWatcher[] {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#changed())
      watcher.on('error', (error) => this.#log(`watching ${this.#options.subject} file: ${error.message}`))
      return [watcher]
    } catch (error) {
      this.#log(`watching ${this.#options.subject} file: ${(error as Error).message}`)
      return []
    }
  }

  /** Something in the folder changed: often enough, something else. */
  #changed(): void {
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined
      this.#running = (this.#running ?? Promise.resolve()).then(async () => {
        if (await this.check()) await this.follow()
      })
    }, settledMs).unref()
  }

  /** Reads the file, and takes it over when it is another and good. Resolves with whether it was another. */
  async check(): Promise<boolean> {
    const { path, subject, apply, metrics } = this.#options
    const before = this.#content
    try {
      const content = await readFile(path, 'utf8')
      if (content === before || this.#isClosed) return false
      this.#content = content
      await apply(content)
      metrics.succeeded(content)
      this.#log(`reloaded ${subject}`)
    } catch (error) {
      if (error instanceof TryLater) {
        this.#content = before
        clearTimeout(this.#later)
        this.#later = setTimeout(() => this.#changed(), laterMs).unref()
      }
      metrics.failed()
      this.#log(`reloading ${subject}: ${(error as Error).message}`)
    }
    return true
  }

  #log(line: string): void {
    ;(this.#options.log ?? console.error)(line)
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#soon)
    clearTimeout(this.#later)
    for (const watcher of this.#watchers) watcher.close()
  }
}
