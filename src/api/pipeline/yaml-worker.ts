import { parentPort } from 'node:worker_threads'
import { parse } from 'yaml'
import { duplicateKeys } from './yaml-duplicates.ts'

const mostDuplicates = 100

/** Turns YAML into JSON, in a thread of its own: see yaml-thread.ts. */
parentPort?.on('message', ({ id, text, most }: { id: number; text: string; most: number }) => {
  try {
    const value: unknown = parse(text, { maxAliasCount: 100, uniqueKeys: false, schema: 'core', logLevel: 'error' })
    const json = Buffer.from(JSON.stringify(value) ?? 'null')
    if (json.length > most) throw new Error('document contains excessive aliasing')
    parentPort?.postMessage({ id, json, duplicates: duplicateKeys(text).slice(0, mostDuplicates) })
  } catch (error) {
    parentPort?.postMessage({ id, error: (error as Error).message.slice(0, 1000) })
  }
})
