/** Milliseconds, or a number with a unit: `500ms`, `30s`, `10m`, `2h`, `1d`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** In milliseconds. Throws for what is no duration, or a negative one. */
export function milliseconds(duration: Duration): number {
  const [, amount = '', unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(String(duration)) ?? []
  const ms = typeof duration === 'number' ? duration : Number(amount || Number.NaN) * (units[unit] ?? Number.NaN)
  if (Number.isFinite(ms) && ms >= 0) return ms
  throw new Error(`${JSON.stringify(duration)} is no duration: give milliseconds, or a text such as 500ms, 30s, 10m, 2h`)
}
