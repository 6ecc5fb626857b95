/** An IntOrString of the API: a number, or a text such as `25%` or a port name (k8s.io/apimachinery/pkg/util/intstr). */
export type IntOrString = number | string

const integer = /^[+-]?[0-9]+$/

/** The number, or the text read as one; 0 when it is none. */
export function intValue(value: IntOrString): number {
  if (typeof value === 'number') return value
  return integer.test(value) ? Number(value) : 0
}

/** The percentage of a text such as `25%`, or undefined when it is none. */
export function percentOf(value: IntOrString | undefined): number | undefined {
  if (typeof value !== 'string' || !value.endsWith('%')) return undefined
  const digits = value.slice(0, -1)
  return integer.test(digits) ? Number(digits) : undefined
}

/** `value` as a count out of `total`: numbers are themselves, `25%` is scaled. Undefined when the text is no percentage. */
export function scaledValue(value: IntOrString, total: number, round: 'up' | 'down'): number | undefined {
  if (typeof value === 'number') return value
  const percent = percentOf(value)
  if (percent === undefined) return undefined
  const scaled = (percent * total) / 100
  return round === 'up' ? Math.ceil(scaled) : Math.floor(scaled)
}
