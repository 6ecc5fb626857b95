/** The grammar of image names (github.com/distribution/reference), as far as the default pull policy needs it. */
const domainComponent = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])'
const domain = `(?:${domainComponent}(?:\\.${domainComponent})*|\\[(?:[a-fA-F0-9:]+)\\])(?::[0-9]+)?`
const pathComponent = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*'
const digest = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}'
const reference = new RegExp(
  `^((?:${domain}/)?${pathComponent}(?:/${pathComponent})*)(?::([A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(${digest}))?$`,
)
const identifier = /^[a-f0-9]{64}$/

/** The tag of an image name, `latest` when it has neither tag nor digest, '' when it has a digest only or is malformed. */
export function imageTag(image: string): string {
  if (image === '' || image.length > 1024 || (image.length === 64 && identifier.test(image))) return ''
  const { registry, rest } = splitRegistry(image)
  const match = reference.exec(`${registry}/${rest}`)
  if (!match || (match[1]?.length ?? 0) > 255) return ''
  return match[2] ?? (match[3] === undefined ? 'latest' : '')
}

function splitRegistry(image: string): { registry: string; rest: string } {
  const slash = image.indexOf('/')
  const first = slash < 0 ? '' : image.slice(0, slash)
  const isRegistry = first !== '' && (/[.:]/.test(first) || first === 'localhost' || first.toLowerCase() !== first)
  if (!isRegistry) return { registry: 'docker.io', rest: slash < 0 ? `library/${image}` : image }
  return { registry: first, rest: image.slice(slash + 1) }
}
