import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'
import '../assembly/share-ourselves.ts'

/** Files below these folders are loaded anew for each edition; packages and Slipway itself are not. */
const fresh: { folder: string; edition: number }[] = []

registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context)
    const [url = ''] = found.url.split('?')
    const { edition } = fresh.find((f) => url.startsWith(f.folder) && !url.includes('/node_modules/')) ?? {}
    return edition === undefined ? found : { ...found, url: `${url}?edition=${edition}` }
  },
})

/** Loads `file`, and what it imports below `folder`, as they are now. What was loaded before stays in memory until the process ends. */
export async function loadFresh(file: string, folder: string): Promise<Readonly<Record<string, unknown>>> {
  const url = `${pathToFileURL(folder).href}/`
  const known = fresh.find((f) => f.folder === url)
  if (known) known.edition++
  else fresh.push({ folder: url, edition: 1 })
  return (await import(pathToFileURL(file).href)) as Record<string, unknown>
}
