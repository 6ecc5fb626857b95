const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** Milliseconds of a duration such as `5m` or `1h30m0s`; a bare number is seconds. Throws with the flag's name. */
export function durationMs(flag: string, text: string): number {
  const parts = [...text.matchAll(/(\d+)(ms|s|m|h)/g)]
  if (/^\d+$/.test(text)) return Number(text) * 1000
  if (parts.length === 0 || parts.map((p) => p[0]).join('') !== text)
    throw new Error(`--${flag} ${text}: must be a duration such as 5m or 1h30m`)
  return parts.reduce((sum, [, n, unit]) => sum + Number(n) * (units[unit ?? ''] ?? 0), 0)
}
