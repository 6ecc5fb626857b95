import {
  escapedPath,
  type GoUrl,
  hostnameOf,
  isRequestUri,
  parseRequestUri,
  parseUrl,
  portOf,
  queryOf,
  urlText,
} from '../../formats/go-url.ts'
import { STRING_TRAVERSAL, scale } from '../cost-range.ts'
import type { Library, Overload } from '../environment.ts'
import { BOOL, listOf, mapOf, STRING, structType } from '../types.ts'
import { ArrayList, CelError, type CelMap, CelOpaque, LiteralMap } from '../values.ts'
import { traversal } from './costs.ts'
import { method, overload } from './signature.ts'

const URL_TYPE = structType('kubernetes.URL')

class CelUrl extends CelOpaque {
  readonly type = URL_TYPE
  readonly url: GoUrl
  constructor(url: GoUrl) {
    super()
    this.url = url
  }
  equals(other: CelOpaque): boolean {
    return urlText(this.url) === urlText((other as CelUrl).url)
  }
}

function toUrl(text: string): CelUrl {
  try {
    parseRequestUri(text)
    return new CelUrl(parseUrl(text))
  } catch (error) {
    throw new CelError(`URL parse error during conversion from string: ${(error as Error).message}`)
  }
}

function query({ url }: CelUrl): CelMap {
  return LiteralMap.from(Array.from(queryOf(url), ([key, values]) => [key, new ArrayList(values)] as const))
}

const getter = (id: string, get: (url: GoUrl) => string): Overload[] => [
  method(id, [URL_TYPE], STRING, ({ url }: CelUrl) => get(url)),
]

/** Kubernetes' URLs. */
export const urls: Library = {
  types: [URL_TYPE],
  functions: {
    url: [
      overload('string_to_url', [STRING], URL_TYPE, toUrl, {
        ...traversal(0),
        estimate: (operands, sizes) => {
          const size = sizes.of(operands[0] as never)
          return { cost: scale(size, STRING_TRAVERSAL), size }
        },
      }),
    ],
    isURL: [overload('is_url_string', [STRING], BOOL, isRequestUri)],
    getScheme: getter('url_get_scheme', (url) => url.scheme),
    getHost: getter('url_get_host', (url) => url.host),
    getHostname: getter('url_get_hostname', hostnameOf),
    getPort: getter('url_get_port', portOf),
    getEscapedPath: getter('url_get_escaped_path', escapedPath),
    getQuery: [method('url_get_query', [URL_TYPE], mapOf(STRING, listOf(STRING)), query)],
  },
}
