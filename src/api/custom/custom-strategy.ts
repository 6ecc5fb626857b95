import type { KubeObject } from '../../apimachinery/object.ts'
import { sameJson } from '../../apimachinery/same-json.ts'
import { tableOf } from '../../crd/definition/columns.ts'
import type { CustomResourceDefinition, DefinitionVersion } from '../../crd/definition/definition.ts'
import { scaleErrors } from '../../crd/definition/scale.ts'
import { selectableFieldReader } from '../../crd/definition/selectable-fields.ts'
import type { CompiledSchema } from '../../crd/schema/compiled.ts'
import type { Json, JsonObject } from '../../crd/schema/json-schema.ts'
import type { Kind, KindContext } from '../kinds/kind.ts'
import { validateObjectMeta } from '../kinds/meta.ts'
import { keepAllMeta } from '../kinds/status.ts'
import { finalizerWarnings } from './finalizer-warnings.ts'

type Fields = Record<string, unknown>

/** What is particular about the objects of one version of a custom kind. */
export function customStrategy(
  definition: CustomResourceDefinition,
  version: DefinitionVersion,
  schema: CompiledSchema | undefined,
): Kind {
  const hasStatus = version.subresources?.status !== undefined
  const table = tableOf(version)
  const read = selectableFieldReader(version)
  const json = (object: KubeObject): JsonObject => object as unknown as JsonObject
  const scale = version.subresources?.scale
  const metaOptions = { namespaced: definition.spec.scope === 'Namespaced', anyFinalizer: true }
  const metaErrors = (object: KubeObject, old: KubeObject | undefined) =>
    validateObjectMeta(object.metadata, old?.metadata, metaOptions)
  return {
    gvk: `${definition.spec.group}/${version.name}/${definition.spec.names?.kind}`,
    specFields: [],
    hasGeneration: true,
    anyFinalizer: true,
    raisesGeneration: (object, old) => specDiffers(object, old, hasStatus),
    prepareForCreate: (object) => {
      if (hasStatus) delete (object as unknown as Fields).status
    },
    prepareForUpdate: (object, old, context) => {
      if (hasStatus) keepOtherPart(object, old, context)
    },
    *validate(object) {
      const found = schema && (yield* schema.validate(json(object), undefined, yield* metaErrors(object, undefined)))
      return [...(found?.errors ?? []), ...(scale ? scaleErrors(json(object), scale, 'all') : [])]
    },
    *validateUpdate(object, old, context) {
      const isStatus = context.subresource === 'status'
      const steps = isStatus
        ? schema?.validateStatus(json(object), json(old))
        : schema?.validate(json(object), json(old), yield* metaErrors(object, old))
      const found = steps && (yield* steps)
      for (const { field, message } of found?.warnings ?? []) context.warn?.(`${field}: ${message}`)
      return [...(found?.errors ?? []), ...(scale ? scaleErrors(json(object), scale, isStatus ? 'status' : 'all') : [])]
    },
    warnings: (object, old, { subresource }) => [...(subresource === '' ? finalizerWarnings(object, old) : [])],
    cells: (object, now) => table.cells(json(object), new Date(now)) as unknown[],
    cellSteps: (object, now) => table.cellSteps(json(object), new Date(now)),
    selectableFields: Object.fromEntries(
      (version.selectableFields ?? []).map(({ jsonPath = '' }) => {
        const field = jsonPath.replace(/^\./, '')
        return [field, (object: KubeObject) => read(json(object))[field] ?? '']
      }),
    ),
    allowCreateOnUpdate: false,
    allowUnconditionalUpdate: false,
  }
}

/** Any change but of metadata (and of the status, where that has an endpoint of its own) is one of the specification. */
function specDiffers(object: KubeObject, old: KubeObject, hasStatus: boolean): boolean {
  const [now, before] = [object, old] as unknown as [Fields, Fields]
  const ignored = new Set(hasStatus ? ['metadata', 'status'] : ['metadata'])
  return [...new Set([...Object.keys(now), ...Object.keys(before)])].some(
    (key) => !ignored.has(key) && differs(now[key], before[key]),
  )
}

function differs(a: unknown, b: unknown): boolean {
  if (a === undefined || b === undefined) return a !== b
  return !sameJson(a as Json, b as Json)
}

/** The status endpoint changes only the status, not even metadata but for who owns what; the object's own endpoint all but the status. */
function keepOtherPart(object: KubeObject, old: KubeObject, { subresource }: KindContext): void {
  const [now, before] = [object, old] as unknown as [Fields, Fields]
  if (subresource === 'status') keepAllMeta(object, old)
  const all = new Set([...Object.keys(now), ...Object.keys(before)])
  const keep = subresource === 'status' ? [...all].filter((key) => key !== 'status' && key !== 'metadata') : ['status']
  for (const key of keep) {
    if (before[key] === undefined) delete now[key]
    else now[key] = before[key]
  }
}
