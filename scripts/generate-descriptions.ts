import { existsSync, readFileSync } from 'node:fs'

/** What `schemas/kubernetes/descriptions.json` holds of a definition. */
export interface Description {
  readonly description?: string
  readonly properties?: Record<string, string>
}

const models = 'node_modules/@kubernetes/client-node/dist/gen/models'
const definitionsPath = 'schemas/kubernetes/openapi-definitions.json'

/** The descriptions of the definitions in openapi-definitions.json, by name, from the doc comments of @kubernetes/client-node. What that
 *  leaves out (fields that are a type of their own) has the description of the type. */
export function generateDescriptions(): string {
  const { definitions } = JSON.parse(readFileSync(definitionsPath, 'utf8')) as {
    definitions: Record<string, { properties?: object }>
  }
  const lines: string[] = []
  for (const [name, definition] of Object.entries(definitions)) {
    const model = modelOf(name)
    if (model === undefined) continue
    const known = new Set(Object.keys(definition.properties ?? {}))
    const found = describe(model, known)
    if (found.description || found.properties) lines.push(`${JSON.stringify(name)}:${JSON.stringify(found)}`)
  }
  return `{\n${lines.join(',\n')}\n}\n`
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** `io.k8s.api.core.v1.EndpointPort` is the model CoreV1EndpointPort, most others have no group in their name. */
function modelOf(definition: string): string | undefined {
  const [kind = '', version = '', group = ''] = definition.split('.').reverse()
  const names = [capital(group) + capital(version) + kind, capital(version) + kind]
  return names.map((name) => `${models}/${name}`).find((path) => existsSync(`${path}.d.ts`))
}

function describe(model: string, known: ReadonlySet<string>): Description {
  const types = readFileSync(`${model}.d.ts`, 'utf8')
  const originalNames = new Map(
    [...readFileSync(`${model}.js`, 'utf8').matchAll(/"name": "([^"]+)",\s*"baseName": "([^"]+)"/g)].map((m) => [
      m[1],
      m[2] ?? '',
    ]),
  )
  const properties: Record<string, string> = {}
  for (const match of types.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s+'([^']+)'\??:/g)) {
    const name = originalNames.get(match[2] ?? '') ?? match[2] ?? ''
    if (known.has(name)) properties[name] = textOf(match[1] ?? '')
  }
  const description = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s+export declare class/.exec(types)?.[1]
  return {
    ...(description ? { description: textOf(description) } : {}),
    ...(Object.keys(properties).length > 0 ? { properties } : {}),
  }
}

const entities: Record<string, string> = { '&lt;': '<', '&gt;': '>', '&amp;': '&', '&quot;': '"', '&#39;': "'" }

/** The text of a doc comment; the generator writes `*_/` where the comment would end. */
function textOf(comment: string): string {
  const lines = comment.split('\n').map((line) => line.replace(/^\s*\* ?/, '').trimEnd())
  const text = lines.join('\n').trim()
  const unescaped = text.replaceAll('*_/', '*/').replace(/\\(["'\\])/g, '$1')
  return unescaped.replace(/&(?:lt|gt|amp|quot|#39);/g, (entity) => entities[entity] ?? entity)
}
