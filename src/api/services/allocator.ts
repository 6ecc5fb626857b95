/** Numbers of a range, given out at random from its upper part, so that people can choose from the lower part without clashes (KEP-3070). */
export class Allocator {
  readonly first: number
  readonly size: number
  readonly #dynamicFrom: number
  readonly #random: () => number
  /** How often each number is taken: one port may serve several protocols. */
  readonly #taken = new Map<number, number>()

  /** `reserved` numbers at the start are only given when asked for. */
  constructor(first: number, size: number, reserved: number, random: () => number) {
    this.first = first
    this.size = size
    this.#dynamicFrom = reserved
    this.#random = random
  }

  /** How many numbers are taken. */
  get taken(): number {
    return this.#taken.size
  }

  has(n: number): boolean {
    return n >= this.first && n < this.first + this.size
  }

  isTaken(n: number): boolean {
    return this.#taken.has(n)
  }

  take(n: number): void {
    this.#taken.set(n, (this.#taken.get(n) ?? 0) + 1)
  }

  release(n: number): void {
    const left = (this.#taken.get(n) ?? 0) - 1
    if (left > 0) this.#taken.set(n, left)
    else this.#taken.delete(n)
  }

  /** A free number, not taken yet; undefined when the range is full. */
  free(): number | undefined {
    return this.#freeIn(this.#dynamicFrom, this.size) ?? this.#freeIn(0, this.#dynamicFrom)
  }

  #freeIn(from: number, to: number): number | undefined {
    const length = to - from
    const start = Math.floor(this.#random() * length)
    for (let i = 0; i < length; i++) {
      const n = this.first + from + ((start + i) % length)
      if (!this.#taken.has(n)) return n
    }
    return undefined
  }
}

/** The addresses of an IPv4 range that Services may have: not its first (the network) and not its last. Throws for text that is no range. */
export function addressAllocator(cidr: string, random: () => number): Allocator {
  const match = /^(\d+\.\d+\.\d+\.\d+)\/(\d+)$/.exec(cidr)
  const bits = Number(match?.[2])
  if (!match || !(bits >= 8 && bits <= 30)) throw new Error(`${cidr}: must be an IPv4 range such as 10.43.0.0/16`)
  const size = 2 ** (32 - bits)
  const network = Math.floor(addressNumber(match[1] ?? '') / size) * size
  return new Allocator(network + 1, size - 2, Math.min(Math.max(16, size / 16), 256), random)
}

/** Node ports 30000 to 32767. */
export function portAllocator(random: () => number): Allocator {
  return new Allocator(30_000, 2768, 86, random)
}

export function addressNumber(text: string): number {
  return text.split('.').reduce((n, part) => n * 256 + Number(part), 0)
}

export function addressText(n: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(n / 2 ** shift) % 256).join('.')
}
