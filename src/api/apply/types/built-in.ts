import { readFileSync } from 'node:fs'
import { findStruct } from '../../schema/types.ts'
import { type Atom, untyped } from './atom.ts'
import { atomOf, type OpenApiSchema } from './schema-types.ts'

interface Definition extends OpenApiSchema {
  readonly 'x-kubernetes-group-version-kind'?: readonly { group: string; version: string; kind: string }[]
}

const file = new URL('../../../../schemas/kubernetes/openapi-definitions.json', import.meta.url)
let definitions: Record<string, Definition> | undefined
let names: Map<string, string> | undefined
const atoms = new Map<string, Atom>()

function load(): Record<string, Definition> {
  definitions ??= (JSON.parse(readFileSync(file, 'utf8')) as { definitions: Record<string, Definition> }).definitions
  return definitions
}

const keyOf = (group: string, version: string, kind: string): string => `${group}/${version}/${kind}`

/** The merge type of a built-in kind, or undefined. Compiled on first use. */
export function builtInType(group: string, version: string, kind: string): Atom | undefined {
  names ??= new Map(
    Object.entries(load()).flatMap(([name, definition]) =>
      (definition['x-kubernetes-group-version-kind'] ?? []).map(
        (gvk) => [keyOf(gvk.group, gvk.version, gvk.kind), name] as const,
      ),
    ),
  )
  const name = names.get(keyOf(group, version, kind))
  return name === undefined ? undefined : definitionType(name)
}

/** The merge type of a definition of openapi-definitions.json, e.g. `io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta`. */
export function definitionType(name: string): Atom {
  const known = atoms.get(name)
  if (known) return known
  const atom = compile(name)
  atoms.set(name, atom)
  return atom
}

function compile(name: string): Atom {
  if (name === 'io.k8s.apimachinery.pkg.api.resource.Quantity') return { scalar: 'untyped' }
  // OpenAPI v3, of which kube-apiserver makes its types, gives IntOrString none of its own.
  if (name === 'io.k8s.apimachinery.pkg.runtime.RawExtension' || name === 'io.k8s.apimachinery.pkg.util.intstr.IntOrString')
    return untyped
  const all = load()
  const definition = Object.hasOwn(all, name) ? all[name] : undefined
  if (!definition) throw new Error(`openapi-definitions.json has no ${name}`)
  return atomOf(withDefaults(name, definition), (ref) => definitionType(ref.slice(ref.lastIndexOf('/') + 1)))
}

const packages =
  /^io\.k8s\.(?:api|apimachinery\.pkg\.apis|apiextensions-apiserver\.pkg\.apis|kube-aggregator\.pkg\.apis)\.([^.]+)\.([^.]+)\.([^.]+)$/
const protocolDefaults = new Set(['io.k8s.api.core.v1.ContainerPort', 'io.k8s.api.core.v1.ServicePort'])
const zeros: Record<string, unknown> = { string: '', int32: 0, int64: 0, bool: false }

/** Adds the defaults that the published OpenAPI v2 leaves out; they tell list items apart whose keys are not given. */
function withDefaults(name: string, definition: Definition): Definition {
  const [, group, version, kind] = packages.exec(name) ?? []
  const struct = kind === undefined ? undefined : findStruct(`${group}/${version}.${kind}`)
  if (!struct || !definition.properties) return definition
  const defaultOf = (property: string): unknown => {
    if (property === 'protocol' && protocolDefaults.has(name)) return 'TCP'
    if (property === 'name' && name === 'io.k8s.api.core.v1.LocalObjectReference') return ''
    const field = struct.byName.get(property)
    if (field?.omit !== 'never' || field.pointer || field.type.kind !== 'scalar') return undefined
    return zeros[field.type.scalar]
  }
  const properties = Object.entries(definition.properties).map(
    ([key, schema]) => [key, { default: defaultOf(key), ...schema }] as const,
  )
  return { ...definition, properties: Object.fromEntries(properties) }
}
