import { jsonText } from '../apimachinery/json.ts'
import type { PodTemplateSpec } from '../apimachinery/kinds.generated.ts'

/** Kubernetes' letters for hashes: no vowels, so no words. */
const letters = 'bcdfghjklmnpqrstvwxz2456789'

const stable = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(stable)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([k, v]) => [k, stable(v)]),
  )
}

/** FNV-1a of `text`, 32 bits. */
function fnv32a(text: string): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return hash
}

/** A short name for `template`: the same for equal templates. `collisions` picks another when that one is taken. */
export function templateHash(template: PodTemplateSpec | object, collisions?: number): string {
  const sum = fnv32a(jsonText(stable(template)) + (collisions === undefined ? '' : `#${collisions}`))
  return [...String(sum)].map((digit) => letters[digit.charCodeAt(0) % letters.length]).join('')
}
