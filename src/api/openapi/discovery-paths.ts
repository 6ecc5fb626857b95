import type { ServedResource } from '../registry/served.ts'
import { idAndTag, type Operation, type Path, pathOf } from './operations.ts'

const mediaTypes = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']
const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1.'

interface Read {
  readonly operation: string
  readonly description: string
  readonly answer?: string
  readonly consumes?: readonly string[]
  readonly produces: readonly string[]
}

const json = { consumes: mediaTypes, produces: mediaTypes }
const versions: Read = {
  operation: 'getAPIVersions',
  description: 'get available API versions',
  answer: `${meta}APIVersions`,
  ...json,
}
const group: Read = { operation: 'getAPIGroup', description: 'get information of a group', answer: `${meta}APIGroup`, ...json }
const resources: Read = {
  operation: 'getAPIResources',
  description: 'get available resources',
  answer: `${meta}APIResourceList`,
  ...json,
}

/** Paths beside those of resources, each in a v3 document of its own. */
const fixed: Readonly<Record<string, Read>> = {
  '/api/': versions,
  '/apis/': { ...versions, answer: `${meta}APIGroupList` },
  '/version/': {
    operation: 'getCodeVersion',
    description: 'get the version information for this server',
    answer: 'io.k8s.apimachinery.pkg.version.Info',
    consumes: ['application/json'],
    produces: ['application/json'],
  },
  '/.well-known/openid-configuration/': {
    operation: 'getServiceAccountIssuerOpenIDConfiguration',
    description: "get service account issuer OpenID configuration, also known as the 'OIDC discovery doc'",
    produces: ['application/json'],
  },
  '/openid/v1/jwks/': {
    operation: 'getServiceAccountIssuerOpenIDKeyset',
    description: 'get service account issuer OpenID JSON Web Key Set (contains public token verification keys)',
    produces: ['application/jwk-set+json'],
  },
}

/** The paths of discovery and the like that built-in resources come with, by path. Custom groups have none. */
export function discoveryPaths(all: readonly ServedResource[]): Map<string, Path> {
  const found = new Map(Object.entries(fixed).map(([path, read]) => [path, pathTo(path, read)]))
  for (const r of all) {
    if (r.isCustom || r.group === '') continue
    const path = `/apis/${r.group}/`
    if (!found.has(path)) found.set(path, pathTo(path, group))
  }
  return found
}

/** The path of a version's list of resources. */
export function versionPath(r: ServedResource): Path {
  const path = r.group === '' ? `/api/${r.version}/` : `/apis/${r.group}/${r.version}/`
  return pathTo(path, resources)
}

function pathTo(path: string, { operation, description, answer = '', consumes, produces }: Read): Path {
  const { id, tag } = idAndTag(operation, path)
  const read: Operation = {
    method: 'get',
    id,
    tag,
    description,
    parameters: [],
    answer,
    successes: [200],
    ...(consumes ? { consumes } : {}),
    produces,
  }
  return pathOf(path, '', [read])
}
