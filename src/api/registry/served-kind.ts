import type { KubeObject } from '../../apimachinery/object.ts'
import { readCopy, type ServedKind } from '../admission/served-kinds.ts'
import type { Atom } from '../apply/types/atom.ts'
import { builtInType } from '../apply/types/built-in.ts'
import { typeFromCrdSchema } from '../apply/types/custom.ts'
import type { OpenApiSchema } from '../apply/types/schema-types.ts'
import { fillDefaults } from '../kinds/kind.ts'
import { thawSteps } from '../watch/freeze.ts'
import type { ServedResource } from './served.ts'

const types = new WeakMap<ServedResource, Atom>()

/** A resource as mutating admission knows it; undefined for what is not served. */
export function servedKind(resource: ServedResource | undefined): ServedKind | undefined {
  if (!resource) return undefined
  return {
    mergeType: mergeTypeOf(resource),
    *read(value) {
      const { strategy, rules } = resource
      const object = rules.type
        ? yield* readCopy(rules.type, value)
        : (rules.decodeValue(yield* thawSteps(value)).value as unknown as KubeObject)
      yield* fillDefaults(strategy, object)
      return object
    },
  }
}

function mergeTypeOf(resource: ServedResource): Atom | undefined {
  const { group, version, kind, isCustom } = resource
  if (!isCustom) return builtInType(group, version, kind)
  const known = types.get(resource) ?? typeFromCrdSchema(resource.openApiSchema as OpenApiSchema | undefined)
  types.set(resource, known)
  return known
}
