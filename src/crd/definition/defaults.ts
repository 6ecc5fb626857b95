import type { JsonObject } from '../schema/json-schema.ts'
import type { Conversion, CustomResourceDefinition, DefinitionNames, DefinitionSpec } from './definition.ts'
import { storageVersion } from './definition.ts'
import { withoutNulls } from './nulls.ts'

/** A definition with what the API server fills in when it is read from a client or from storage. */
export function defaultDefinition(given: CustomResourceDefinition): CustomResourceDefinition {
  const definition = { ...given, spec: withoutNulls(given.spec as unknown as JsonObject) as unknown as DefinitionSpec }
  const names = defaultNames(definition.spec.names ?? {})
  const conversion = defaultConversion(definition.spec.conversion)
  const stored = definition.status?.storedVersions ?? []
  const storage = storageVersion(definition)
  const storedVersions = stored.length === 0 && storage !== undefined ? [storage] : stored
  return {
    ...definition,
    spec: { ...definition.spec, names, conversion },
    status: { ...definition.status, storedVersions },
  }
}

function defaultNames(names: DefinitionNames): DefinitionNames {
  const kind = names.kind ?? ''
  const singular = names.singular || kind.toLowerCase()
  const listKind = names.listKind || (kind === '' ? '' : `${kind}List`)
  return { ...names, ...(singular === '' ? {} : { singular }), ...(listKind === '' ? {} : { listKind }) }
}

function defaultConversion(conversion: Conversion | undefined): Conversion {
  if (conversion === undefined) return { strategy: 'None' }
  const { webhook, ...plain } = conversion
  const client = webhook?.clientConfig
  // Inside of kube-apiserver there is no webhook but what it holds.
  if (webhook && !client && !webhook.conversionReviewVersions?.length) return plain
  if (client?.service === undefined || client.service.port !== undefined) return conversion
  const clientConfig = { ...client, service: { ...client.service, port: 443 } }
  return { ...conversion, webhook: { ...webhook, clientConfig } }
}
