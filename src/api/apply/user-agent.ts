const maxBytes = 128

/** The manager that a request without `fieldManager` stands for: its User-Agent up to the first slash, printable, at most 128 bytes. */
export function managerOfUserAgent(userAgent: string | undefined): string {
  const [prefix = ''] = (userAgent ?? '').split('/')
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
