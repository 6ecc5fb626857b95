import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { StatusError } from '../../apimachinery/status.ts'

/** As a body may be. */
const mostJson = 3 * 1024 * 1024
/** A document that takes longer is made to take long. */
const mostMs = 5000
/** The thread ends when nobody has needed it for so long. */
const idleMs = 30_000
const file = new URL(`./yaml-worker${extname(import.meta.url)}`, import.meta.url)

/** What a YAML document says. */
interface YamlRead {
  readonly json: Uint8Array
  /** Keys that it has twice, in go-yaml's words. */
  readonly duplicates: readonly string[]
}

/** A document that is no YAML, or refers to too much. */
export class UnreadableYaml extends Error {}

interface Job {
  readonly text: string
  resolve(read: YamlRead): void
  reject(error: unknown): void
}

/**
 * Reads large YAML bodies in a thread of its own, one at a time: reading YAML is slow, and a few kilobytes can be made to take minutes or
 * gigabytes. Such a document ends its thread, not the server.
 */
class YamlThread {
  #worker: Worker | undefined
  readonly #waiting: Job[] = []
  #job: Job | undefined
  #id = 0
  #timer: NodeJS.Timeout | undefined

  toJson(text: string): Promise<YamlRead> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ text, resolve, reject })
      this.#next()
    })
  }

  #next(): void {
    if (this.#job) return
    clearTimeout(this.#timer)
    this.#job = this.#waiting.shift()
    if (!this.#job) {
      this.#timer = setTimeout(() => this.#stop(), idleMs)
      this.#timer.unref()
      return
    }
    this.#worker ??= this.#start()
    this.#worker.ref()
    this.#timer = setTimeout(() => this.#giveUp('the YAML takes too long to read: send JSON'), mostMs)
    this.#worker.postMessage({ id: ++this.#id, text: this.#job.text, most: mostJson })
  }

  #start(): Worker {
    const worker = new Worker(file, {
      resourceLimits: { maxOldGenerationSizeMb: 256, stackSizeMb: 4 },
      execArgv: [],
      stderr: true,
    })
    worker.on('message', ({ id, json, duplicates = [], error }: { id: number; error?: string } & Partial<YamlRead>) => {
      if (id !== this.#id) return
      if (json) this.#settle((job) => job.resolve({ json, duplicates }))
      else this.#settle((job) => job.reject(new UnreadableYaml(error)))
    })
    worker.on('error', () => {
      if (worker === this.#worker) this.#giveUp('the YAML takes too much memory to read: send JSON')
    })
    return worker
  }

  #giveUp(why: string): void {
    this.#stop()
    this.#settle((job) => job.reject(new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: ${why}`)))
  }

  #settle(how: (job: Job) => void): void {
    const job = this.#job
    this.#job = undefined
    this.#worker?.unref()
    if (job) how(job)
    this.#next()
  }

  #stop(): void {
    const worker = this.#worker
    this.#worker = undefined
    void worker?.terminate()
  }
}

const thread = new YamlThread()

export const yamlToJson = (text: string): Promise<YamlRead> => thread.toJson(text)
