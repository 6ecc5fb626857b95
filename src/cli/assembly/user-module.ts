import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

/** What a TypeScript or JavaScript file of the user's exports. It is run: only for files that the user names. */
export async function loadUserModule(file: string): Promise<Readonly<Record<string, unknown>>> {
  await import('./share-ourselves.ts')
  const url = pathToFileURL(resolve(file)).href
  try {
    return (await import(url)) as Record<string, unknown>
  } catch (error) {
    throw new Error(`${file} cannot be loaded: ${error instanceof Error ? error.message : error}`, { cause: error })
  }
}
