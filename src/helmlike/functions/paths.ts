// Go's package path (and filepath, which is the same on Unix).
import type { Implementation } from '../gotemplate/function-table.ts'

/** path.Clean. */
export function cleanPath(p: string): string {
  if (p === '') return '.'
  const rooted = p.startsWith('/')
  const out: string[] = []
  for (const part of p.split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') out.push(part)
    else if (out.length > 0 && out.at(-1) !== '..') out.pop()
    else if (!rooted) out.push('..')
  }
  const joined = out.join('/')
  return rooted ? `/${joined}` : joined === '' ? '.' : joined
}

/** path.Base. */
export function baseName(p: string): string {
  if (p === '') return '.'
  const trimmed = p.replace(/\/+$/, '')
  return trimmed === '' ? '/' : trimmed.slice(trimmed.lastIndexOf('/') + 1)
}

const dir = (p: string) => cleanPath(p.slice(0, p.lastIndexOf('/') + 1))

/** path.Ext: from the last dot of the last element on. */
export function extension(p: string): string {
  const dot = p.lastIndexOf('.')
  return dot > p.lastIndexOf('/') ? p.slice(dot) : ''
}

const isAbs = (p: string) => p.startsWith('/')

export const paths: { readonly [name: string]: Implementation } = {
  base: baseName,
  dir,
  clean: cleanPath,
  ext: extension,
  isAbs,
  osBase: baseName,
  osDir: dir,
  osClean: cleanPath,
  osExt: extension,
  osIsAbs: isAbs,
}
