import type { Core } from '../pipeline/call.ts'
import type { PathRoute } from '../pipeline/handle.ts'
import { groupsOf } from './documents.ts'

/**
 * Answers / and /index.html with every path that is served (k8s.io/apiserver's IndexLister): those of `others`, and discovery's.
 */
export function rootPathsRoute(core: Core, others: () => readonly string[]): PathRoute {
  return (_, { path }) => {
    if (path !== '/' && path !== '/index.html') return undefined
    const groups = groupsOf(core.registry.all(), core.aggregator?.versions())
    const discovery = groups.flatMap(({ name, versions }) => {
      const root = name === '' ? '/api' : `/apis/${name}`
      return [root, ...versions.map(({ version }) => `${root}/${version}`)]
    })
    const paths = [...new Set(['/apis', '/apis/', ...discovery, ...others()])].sort()
    const bytes = Buffer.from(JSON.stringify({ paths }, null, 2))
    return { status: 200, headers: { 'content-type': 'application/json' }, body: { bytes } }
  }
}
