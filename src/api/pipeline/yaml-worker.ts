import { parentPort } from 'node:worker_threads'
import { jsonText } from '../../apimachinery/json.ts'
import { alphabetical } from '../../apimachinery/key-order.ts'
import { YamlError } from '../../apimachinery/yaml/error.ts'
import { readYaml } from './read-yaml.ts'
import { duplicateKeys } from './yaml-duplicates.ts'

const mostDuplicates = 100

/** Turns YAML into JSON, in a thread of its own: see yaml-thread.ts. */
parentPort?.on('message', ({ id, text, most }: { id: number; text: string; most: number }) => {
  try {
    // The order in which Go finds mistakes.
    const json = Buffer.from(jsonText(alphabetical(readYaml(text))) ?? 'null')
    if (json.length > most) throw new YamlError('yaml: document contains excessive aliasing')
    parentPort?.postMessage({ id, json, duplicates: duplicateKeys(text).slice(0, mostDuplicates) })
  } catch (error) {
    parentPort?.postMessage({ id, error: (error as Error).message.slice(0, 1000) })
  }
})
