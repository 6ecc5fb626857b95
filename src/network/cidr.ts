/** An IPv4 address as a number; NaN when it is none. */
export function numberOf(ip: string): number {
  const parts = ip.split('.').map(Number)
  const isIp = parts.length === 4 && parts.every((p) => Number.isInteger(p) && p >= 0 && p < 256)
  return isIp ? parts.reduce((n, p) => n * 256 + p, 0) : Number.NaN
}

const textOf = (n: number): string => [24, 16, 8, 0].map((shift) => Math.floor(n / 2 ** shift) % 256).join('.')

export function isInside(ip: string, cidr: string): boolean {
  const [base = '', bits = '32'] = cidr.split('/')
  const size = 2 ** (32 - Number(bits))
  return Math.floor(numberOf(ip) / size) === Math.floor(numberOf(base) / size)
}

/** The address `index` places after the first of `cidr`: 10.43.0.0/16 and 10 → 10.43.0.10. */
export const addressAt = (cidr: string, index: number): string => textOf(numberOf(cidr.split('/')[0] ?? '') + index)
