import { parentPort } from 'node:worker_threads'
import { parse } from 'yaml'
import { jsonText } from '../../apimachinery/json.ts'
import { exactNumbers, yamlMessage } from '../../apimachinery/yaml/exact-numbers.ts'
import { goYaml } from '../../apimachinery/yaml/go-tags.ts'
import { duplicateKeys } from './yaml-duplicates.ts'

const mostDuplicates = 100

/** Turns YAML into JSON, in a thread of its own: see yaml-thread.ts. */
parentPort?.on('message', ({ id, text, most }: { id: number; text: string; most: number }) => {
  try {
    const value: unknown = parse(text, { ...goYaml(text), maxAliasCount: 100, uniqueKeys: false })
    const json = Buffer.from(jsonText(exactNumbers(value)) ?? 'null')
    if (json.length > most) throw new Error('document contains excessive aliasing')
    parentPort?.postMessage({ id, json, duplicates: duplicateKeys(text).slice(0, mostDuplicates) })
  } catch (error) {
    parentPort?.postMessage({ id, error: yamlMessage(error as Error).slice(0, 1000) })
  }
})
