import { isQualifiedName } from '../../apimachinery/names.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import { standardFinalizers } from '../kinds/meta.ts'

/** Custom objects may have any finalizer, but are warned of new ones that others could use too. */
export function finalizerWarnings({ metadata }: KubeObject, old: KubeObject | undefined): string[] {
  const before = new Set(old?.metadata.finalizers)
  const added = [...new Set(metadata.finalizers)].filter((name) => !before.has(name)).sort()
  return added.flatMap((name) => {
    const problems = [...isQualifiedName(name)]
    if (!name.includes('/') && !standardFinalizers.has(name)) {
      const path = name.includes('.') ? ' including a path (/)' : ''
      problems.push(`prefer a domain-qualified finalizer name${path} to avoid accidental conflicts with other finalizer writers`)
    }
    return problems.map((problem) => `metadata.finalizers: ${JSON.stringify(name)}: ${problem}`)
  })
}
