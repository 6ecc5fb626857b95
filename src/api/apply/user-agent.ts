const maxBytes = 128

const known = new Map<string, string>()
const mostKnown = 1000
const mostLetters = 256

/** The manager that a request without `fieldManager` stands for: its User-Agent up to the first slash, printable, at most 128 bytes. */
export function managerOfUserAgent(userAgent = ''): string {
  const before = known.get(userAgent)
  if (before !== undefined) return before
  const manager = managerOf(userAgent)
  if (known.size >= mostKnown) known.clear()
  if (userAgent.length <= mostLetters) known.set(userAgent, manager)
  return manager
}

function managerOf(userAgent: string): string {
  const [prefix = ''] = userAgent.split('/')
  let manager = ''
  let bytes = 0
  for (const char of prefix) {
    if (!/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(char)) continue
    bytes += Buffer.byteLength(char)
    if (bytes > maxBytes) break
    manager += char
  }
  return manager
}
