const kept = 2000
const longest = 16 << 10

/** The last lines that an operator's process wrote, and those to come. */
export class LogLines {
  readonly #lines: string[] = []
  readonly #listeners = new Set<(line: string) => void>()

  add(line: string): void {
    const text = line.length > longest ? `${line.slice(0, longest)}…` : line
    this.#lines.push(text)
    if (this.#lines.length > kept) this.#lines.shift()
    for (const listener of this.#listeners) listener(text)
  }

  /** Adds what a stream says, line by line. */
  follow(stream: NodeJS.ReadableStream | null): void {
    if (!stream) return
    let rest = ''
    stream.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = (lines.pop() ?? '').slice(-longest)
      for (const line of lines) this.add(line)
    })
    stream.on('end', () => rest && this.add(rest))
  }

  last(count = kept): readonly string[] {
    return count >= this.#lines.length ? [...this.#lines] : this.#lines.slice(-count)
  }

  onLine(listener: (line: string) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
