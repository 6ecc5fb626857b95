import type { KubeObject } from '../../apimachinery/object.ts'
import { parseApiVersion } from '../../apimachinery/resource.ts'
import { tableOf } from '../../crd/definition/columns.ts'
import {
  type CustomResourceDefinition,
  type DefinitionVersion,
  isConditionTrue,
  type ScaleSubresource,
  storageVersion,
  versionsOf,
} from '../../crd/definition/definition.ts'
import { deprecationWarning } from '../../crd/definition/deprecation.ts'
import { publishedSchemas } from '../../crd/definition/openapi.ts'
import { scaleOf, withReplicas } from '../../crd/definition/scale.ts'
import { type CompiledSchema, compileSchema } from '../../crd/schema/compiled.ts'
import type { JsonObject } from '../../crd/schema/json-schema.ts'
import { type AppliedKind, type Convert, customKind } from '../apply/applied-kind.ts'
import type { OpenApiSchema } from '../apply/types/schema-types.ts'
import type { AlsoServed, Conversion, ServedResource, ServedSubresource, Storage } from '../registry/served.ts'
import type { ScalePaths } from '../subresources/scale.ts'
import { customRules } from './custom-rules.ts'
import { customStrategy } from './custom-strategy.ts'

/** Makes objects of one version out of those of another. Given by the server: a webhook may have to be asked. */
export type ConvertObject = (
  definition: CustomResourceDefinition,
  object: KubeObject,
  apiVersion: string,
) => KubeObject | Promise<KubeObject>

/** In the order in which kube-apiserver lists them. */
const allVerbs = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch']
const subresourceVerbs = new Set(['get', 'patch', 'update'])

/** The resources that an established definition serves, one a served version; the storage version even when it is not served is kept apart. */
export function customResources(definition: CustomResourceDefinition, convert: ConvertObject): ServedResource[] {
  const { group = '', scope } = definition.spec
  const names = { ...definition.spec.names, ...definition.status?.acceptedNames }
  const plural = names.plural ?? ''
  const storage: Storage = {
    prefix: `/registry/${group}/${plural}/`,
    group,
    resource: plural,
    version: storageVersion(definition) ?? '',
    kind: names.kind ?? '',
    namespaced: scope === 'Namespaced',
  }
  const schemas = new Map(versionsOf(definition).map((v) => [v.name, v.schema?.openAPIV3Schema]))
  const compiled = new Map([...schemas].map(([name, schema]) => [name, schema && compileSchema(schema)]))
  const served = versionsOf(definition).filter((v) => v.served)
  const family: Family = { definition, convert, storage, names, schemas: schemas as Family['schemas'], compiled, served }
  return served.map((version) => servedVersion(family, version))
}

/** What the versions of a definition have in common. */
interface Family {
  readonly definition: CustomResourceDefinition
  readonly convert: ConvertObject
  readonly storage: Storage
  readonly names: NonNullable<CustomResourceDefinition['spec']['names']>
  readonly schemas: ReadonlyMap<string, OpenApiSchema | undefined>
  readonly compiled: ReadonlyMap<string, CompiledSchema | undefined>
  readonly served: readonly DefinitionVersion[]
}

function servedVersion(family: Family, version: DefinitionVersion): ServedResource {
  const { definition, convert, storage, names, compiled, served } = family
  const { group, kind } = storage
  const { scale } = version.subresources ?? {}
  const warning = deprecationWarning(definition, version)
  const schema = compiled.get(version.name)
  const isAsStored = version.name === storage.version && !mayHaveChanged(definition)
  const conversion = isAsStored ? undefined : conversionTo(definition, version.name, storage, compiled, convert)
  return {
    group,
    version: version.name,
    resource: storage.resource,
    kind,
    namespaced: storage.namespaced,
    listKind: names.listKind || `${kind}List`,
    singular: names.singular || kind.toLowerCase(),
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    verbs: new Set(allVerbs),
    subresources: subresourcesOf(group, version, kind),
    storage,
    rules: customRules(schema, definition.spec.preserveUnknownFields ?? false, appliedKindOf(family, version)),
    strategy: customStrategy(definition, version, schema),
    columns: tableOf(version).columns,
    isCustom: true,
    ...(version.schema?.openAPIV3Schema ? { openApiSchema: version.schema.openAPIV3Schema } : {}),
    published: (document) => publishedSchemas(definition, version.name, document),
    isTerminating: isConditionTrue(definition, 'Terminating'),
    ...(scale ? { scale: scalePaths(definition, scale) } : {}),
    ...(warning ? { deprecation: warning } : {}),
    ...(conversion ? { conversion } : {}),
    ...(served.length > 1 ? { alsoServed: alsoServed(definition, served, version.name, convert) } : {}),
  }
}

/** The kind as field management sees it. */
const appliedKindOf = (
  { definition, convert, storage, schemas }: Family,
  { name, subresources }: DefinitionVersion,
): AppliedKind =>
  customKind({
    group: storage.group,
    version: name,
    kind: storage.kind,
    schemas,
    hasStatus: subresources?.status !== undefined,
    checksFit: mayHaveChanged(definition) || definition.spec.conversion?.strategy === 'Webhook',
    convert: otherVersions(definition, convert),
  })

function subresourcesOf(group: string, version: DefinitionVersion, kind: string): ReadonlyMap<string, ServedSubresource> {
  const found = new Map<string, ServedSubresource>()
  const own = { group, version: version.name, kind }
  if (version.subresources?.status) found.set('status', { name: 'status', verbs: subresourceVerbs, kind: own })
  if (version.subresources?.scale) {
    found.set('scale', { name: 'scale', verbs: subresourceVerbs, kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' } })
  }
  return found
}

function scalePaths(definition: CustomResourceDefinition, scale: ScaleSubresource): ScalePaths {
  const values = (object: KubeObject) => scaleOf(object as unknown as JsonObject, scale)
  const fields = versionsOf(definition).flatMap((v): [string, string[]][] => {
    const path = v.subresources?.scale?.specReplicasPath
    return path
      ? [
          [
            `${definition.spec.group}/${v.name}`,
            path
              .replace(/^\./, '')
              .split('.')
              .map((name) => `f:${name}`),
          ],
        ]
      : []
  })
  return {
    custom: scale,
    replicas: (object) => values(object).specReplicas ?? 0,
    setReplicas: (object, replicas) => void Object.assign(object, withReplicas(object as unknown as JsonObject, scale, replicas)),
    statusReplicas: (object) => values(object).statusReplicas ?? 0,
    selector: (object) => values(object).selector ?? '',
    fields: new Map(fields),
  }
}

/** A definition that was changed may have objects that were written by another schema or in another version. */
const mayHaveChanged = ({ metadata }: CustomResourceDefinition): boolean => (metadata.generation ?? 1) > 1

/**
 * What is stored has the fields and defaults of the schema that its version has now. In another version it has that version's fields, but none of
 * its defaults.
 */
function conversionTo(
  definition: CustomResourceDefinition,
  version: string,
  storage: Storage,
  compiled: ReadonlyMap<string, CompiledSchema | undefined>,
  convert: ConvertObject,
): Conversion {
  const { group = '' } = definition.spec
  const { preserveUnknownFields = false } = definition.spec
  const pruned = (object: KubeObject, name: string): KubeObject => {
    const schema = compiled.get(name)
    return schema && !preserveUnknownFields ? (schema.known(object as unknown as JsonObject) as unknown as KubeObject) : object
  }
  const asStored = (object: KubeObject): KubeObject => {
    const name = parseApiVersion(object.apiVersion ?? '').version
    const schema = compiled.get(name)
    if (!schema) return object
    const given = object as unknown as JsonObject
    return schema.default(preserveUnknownFields ? schema.dropNulls(given) : schema.known(given)) as unknown as KubeObject
  }
  const to = (object: KubeObject, name: string): KubeObject | Promise<KubeObject> => {
    const converted = convert(definition, object, `${group}/${name}`)
    return converted instanceof Promise ? converted.then((o) => pruned(o, name)) : pruned(converted, name)
  }
  return {
    asksWebhook: definition.spec.conversion?.strategy === 'Webhook',
    fromStorage: (object) => to(asStored(object), version),
    toStorage: (object) => {
      const converted = to(object, storage.version)
      return converted instanceof Promise ? converted.then(asStored) : asStored(converted)
    },
  }
}

function alsoServed(
  definition: CustomResourceDefinition,
  served: readonly DefinitionVersion[],
  version: string,
  convert: ConvertObject,
): AlsoServed {
  return {
    versions: served.map((v) => v.name).filter((name) => name !== version),
    convert: (object, to) => convert(definition, object, `${definition.spec.group}/${to}`),
  }
}

/** What field management sees of an object in another version: all that the conversion gives. */
function otherVersions(definition: CustomResourceDefinition, convert: ConvertObject): Convert {
  return (object, apiVersion) => {
    const [group, version] = apiVersion.split('/')
    if (group !== definition.spec.group || !versionsOf(definition).some((v) => v.name === version)) return undefined
    return convert(definition, object as unknown as KubeObject, apiVersion) as unknown as ReturnType<Convert>
  }
}
