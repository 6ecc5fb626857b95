import { registerHooks } from 'node:module'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

let registered = false

/** `slipway/…` in a user's module means this Slipway, wherever the module is: both share one runtime. */
function shareOurself(): void {
  if (registered) return
  registered = true
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier.startsWith('slipway/') ? next(specifier, { ...context, parentURL: import.meta.url }) : next(specifier, context),
  })
}

/** What a TypeScript or JavaScript file of the user's exports. It is run: only for files that the user names. */
export async function loadUserModule(file: string): Promise<Readonly<Record<string, unknown>>> {
  shareOurself()
  const url = pathToFileURL(resolve(file)).href
  try {
    return (await import(url)) as Record<string, unknown>
  } catch (error) {
    throw new Error(`${file} cannot be loaded: ${error instanceof Error ? error.message : error}`, { cause: error })
  }
}
