import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'
import type { Loaded } from './messages.ts'

const scheme = 'operator:///'
/** `slipway/operators` itself, without the file that finds it: that one can be imported, but not be required. */
const runtime = new URL(`../../operators/public${import.meta.url.slice(-3)}`, import.meta.url).href

/**
 * Loads a module of code that is in memory only; it may import files beside it, `slipway/operators`, Node's own modules, and packages of its folder
 * as if that were around it. Packages find each other there and nowhere else.
 */
export async function serveCode({ code, module, packages }: Loaded): Promise<unknown> {
  const home = packages === undefined ? undefined : `${pathToFileURL(packages).href}/`
  const isInside = (url: string | undefined): boolean => home !== undefined && (url?.startsWith(home) ?? false)
  const nameOf = (url: string | undefined): string =>
    url?.startsWith(scheme) ? pathOf(new URL(url)) : url && home && isInside(url) ? url.slice(home.length) : module
  registerHooks({
    resolve(specifier, context, next) {
      const { parentURL } = context
      const isUsers = specifier.startsWith(scheme) || parentURL?.startsWith(scheme)
      if (!isUsers && !isInside(parentURL)) return next(specifier, context)
      if (specifier === 'slipway/operators') return { url: runtime, shortCircuit: true }
      if (specifier.startsWith('node:')) return next(specifier, context)
      const refuse = (why: string) => new Error(`${nameOf(parentURL)} imports ${specifier}: ${why}`)
      if (isUsers && /^(\.|operator:)/.test(specifier)) {
        const url = new URL(specifier, parentURL ?? scheme)
        if (Object.hasOwn(code, pathOf(url))) return { url: url.href, shortCircuit: true, format: formatOf(url.href) }
        throw refuse(`${pathOf(url)} is not in the repository`)
      }
      if (isUsers && (home === undefined || /^[/#]|^[a-z]+:/.test(specifier))) throw refuse(missing)
      const found = isUsers ? within(specifier, `${home}${nameOf(parentURL)}`, context, next) : next(specifier, context)
      // Folders above that of the packages are none of theirs.
      if (found && (isInside(found.url) || found.url.startsWith('node:'))) return found
      throw notFound(refuse(missing))
    },
    load(url, context, next) {
      if (!url.startsWith(scheme)) return next(url, context)
      return { format: formatOf(url), source: code[pathOf(new URL(url))] ?? '', shortCircuit: true }
    },
  })
  return import(scheme + module)
}

type Resolve = Parameters<NonNullable<Parameters<typeof registerHooks>[0]['resolve']>>

/** What a specifier means to a file beside the packages; undefined when they have no such package. */
function within(specifier: string, parentURL: string, context: Resolve[1], next: Resolve[2]) {
  try {
    return next(specifier, { ...context, parentURL })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    return undefined
  }
}

const missing =
  'it is neither a file of the repository, nor slipway/operators, nor a node: module, nor in the node_modules or package-lock.json beside the operator'

/** As Node says it: packages try optional ones. */
const notFound = (error: Error): Error => Object.assign(error, { code: 'MODULE_NOT_FOUND' })

const pathOf = (url: URL): string => decodeURIComponent(url.pathname).replace(/^\/+/, '')

function formatOf(url: string): 'module-typescript' | 'module' | 'json' {
  if (url.endsWith('.json')) return 'json'
  return /\.m?ts$/.test(url) ? 'module-typescript' : 'module'
}
