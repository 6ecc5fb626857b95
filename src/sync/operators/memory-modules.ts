import { registerHooks } from 'node:module'
import type { Code } from './messages.ts'

const scheme = 'operator:///'

/** Loads `module` of `code`, which is in memory only; it may import files beside it, `slipway/operators` and Node's own modules. */
export async function serveCode(code: Code, module: string): Promise<unknown> {
  registerHooks({
    resolve(specifier, context, next) {
      const isUsers = specifier.startsWith(scheme) || context.parentURL?.startsWith(scheme)
      if (!isUsers) return next(specifier, context)
      if (specifier.startsWith('slipway/operators')) return next(specifier, { ...context, parentURL: import.meta.url })
      if (specifier.startsWith('node:')) return next(specifier, context)
      const url = new URL(specifier, context.parentURL ?? scheme)
      if (/^(\.|operator:)/.test(specifier) && Object.hasOwn(code, pathOf(url)))
        return { url: url.href, shortCircuit: true, format: formatOf(url.href) }
      const why = /^\./.test(specifier)
        ? `${pathOf(url)} is not in the repository`
        : 'an operator in the server may import files of its repository, slipway/operators and node: modules; package others with `slipway operator package`'
      throw new Error(`${context.parentURL ? pathOf(new URL(context.parentURL)) : module} imports ${specifier}: ${why}`)
    },
    load(url, context, next) {
      if (!url.startsWith(scheme)) return next(url, context)
      return { format: formatOf(url), source: code[pathOf(new URL(url))] ?? '', shortCircuit: true }
    },
  })
  return import(scheme + module)
}

const pathOf = (url: URL): string => decodeURIComponent(url.pathname).replace(/^\/+/, '')

function formatOf(url: string): 'module-typescript' | 'module' | 'json' {
  if (url.endsWith('.json')) return 'json'
  return /\.m?ts$/.test(url) ? 'module-typescript' : 'module'
}
