import { type LabelSelectorObject, SelectorError, selectorText } from '../../apimachinery/label-selector.ts'
import type { KubeObject } from '../../apimachinery/object.ts'

const minute = 60
const hour = 60 * minute
const day = 24 * hour
const year = 365 * day

const parts = (seconds: number, unit: number, letter: string, small: number, smallLetter: string): string => {
  const rest = Math.floor((seconds % unit) / small)
  return `${Math.floor(seconds / unit)}${letter}${rest === 0 ? '' : `${rest}${smallLetter}`}`
}

/** A duration in milliseconds as kubectl shows it: `45s`, `3m10s`, `5h`, `2d3h`, `1y20d`. */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / 1000)
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  if (seconds < 2 * minute) return `${seconds}s`
  if (seconds < 10 * minute) return parts(seconds, minute, 'm', 1, 's')
  if (seconds < 3 * hour) return `${Math.floor(seconds / minute)}m`
  if (seconds < 8 * hour) return parts(seconds, hour, 'h', minute, 'm')
  if (seconds < 2 * day) return `${Math.floor(seconds / hour)}h`
  if (seconds < 8 * day) return parts(seconds, day, 'd', hour, 'h')
  if (seconds < 2 * year) return `${Math.floor(seconds / day)}d`
  if (seconds < 8 * year) return parts(seconds, year, 'y', day, 'd')
  return `${Math.floor(seconds / year)}y`
}

/** How long ago an RFC 3339 time was. */
export function since(time: string | null | undefined, now: number): string {
  return time ? humanDuration(now - Date.parse(time)) : '<unknown>'
}

export const age = (object: KubeObject, now: number): string => since(object.metadata.creationTimestamp, now)

/** `a=1,b=2`, or `<none>`. */
export function labelsText(labels: Readonly<Record<string, string>> | undefined): string {
  const text = Object.keys(labels ?? {})
    .sort()
    .map((key) => `${key}=${labels?.[key]}`)
    .join(',')
  return text === '' ? '<none>' : text
}

/** The text of a selector; `<none>` for one that selects everything, `<error>` for a malformed one. */
export function selectorCell(selector: LabelSelectorObject | undefined): string {
  if (!selector) return '<none>'
  return exactSelector(selector, '<error>') || '<none>'
}

/** The text of a selector, '' when it selects everything, `wrong` when it is malformed. */
export function exactSelector(selector: LabelSelectorObject, wrong: string): string {
  try {
    return selectorText(selector)
  } catch (error) {
    if (error instanceof SelectorError) return wrong
    throw error
  }
}

/** The names and the images of containers, each joined by commas. */
export function containerCells(spec: { containers?: readonly { name: string; image?: string }[] } | undefined): [string, string] {
  const containers = spec?.containers ?? []
  return [containers.map((c) => c.name).join(','), containers.map((c) => c.image ?? '').join(',')]
}

export const yesNo = (value: boolean | undefined): string => (value === undefined ? '<unset>' : value ? 'True' : 'False')

/** At most three of `items`, and how many more there are. */
export function listCell(items: readonly string[]): string {
  if (items.length > 3) return `${items.slice(0, 3).join(',')} + ${items.length - 3} more...`
  return items.join(',') || '<unset>'
}
