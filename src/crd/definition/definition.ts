import type { KubeObject } from '../../apimachinery/object.ts'
import type { JsonSchema } from '../schema/json-schema.ts'

/** apiextensions.k8s.io/v1 CustomResourceDefinition. Nothing in it is trusted before `definitionErrors` said so. */
export interface CustomResourceDefinition extends KubeObject {
  readonly spec: DefinitionSpec
  readonly status?: DefinitionStatus
}

export interface DefinitionSpec {
  readonly group?: string
  readonly names?: DefinitionNames
  readonly scope?: string
  readonly versions?: readonly DefinitionVersion[]
  readonly conversion?: Conversion
  readonly preserveUnknownFields?: boolean
}

export interface DefinitionNames {
  readonly plural?: string
  readonly singular?: string
  readonly shortNames?: readonly string[]
  readonly kind?: string
  readonly listKind?: string
  readonly categories?: readonly string[]
}

export interface DefinitionVersion {
  readonly name: string
  readonly served?: boolean
  readonly storage?: boolean
  readonly deprecated?: boolean
  readonly deprecationWarning?: string
  readonly schema?: { readonly openAPIV3Schema?: JsonSchema }
  readonly subresources?: Subresources
  readonly additionalPrinterColumns?: readonly PrinterColumn[]
  readonly selectableFields?: readonly SelectableField[]
}

export interface Subresources {
  readonly status?: Readonly<Record<string, never>>
  readonly scale?: ScaleSubresource
}

export interface ScaleSubresource {
  readonly specReplicasPath?: string
  readonly statusReplicasPath?: string
  readonly labelSelectorPath?: string
}

export interface PrinterColumn {
  readonly name?: string
  readonly type?: string
  readonly format?: string
  readonly description?: string
  readonly priority?: number
  readonly jsonPath?: string
}

export interface SelectableField {
  readonly jsonPath?: string
}

export interface Conversion {
  readonly strategy?: string
  readonly webhook?: {
    readonly clientConfig?: WebhookClientConfig
    readonly conversionReviewVersions?: readonly string[]
  }
}

export interface WebhookClientConfig {
  readonly url?: string
  readonly service?: { readonly namespace?: string; readonly name?: string; readonly path?: string; readonly port?: number }
  /** PEM, in base64. */
  readonly caBundle?: string
}

export interface DefinitionStatus {
  readonly conditions?: readonly DefinitionCondition[]
  readonly acceptedNames?: DefinitionNames
  readonly storedVersions?: readonly string[]
}

export interface DefinitionCondition {
  readonly type: string
  readonly status: 'True' | 'False' | 'Unknown'
  readonly lastTransitionTime?: string
  readonly reason?: string
  readonly message?: string
}

export const versionsOf = (definition: CustomResourceDefinition): readonly DefinitionVersion[] => definition.spec.versions ?? []

export const versionNamed = (definition: CustomResourceDefinition, name: string): DefinitionVersion | undefined =>
  versionsOf(definition).find((version) => version.name === name)

/** The version that objects are stored in. */
export const storageVersion = (definition: CustomResourceDefinition): string | undefined =>
  versionsOf(definition).find((version) => version.storage)?.name

export const conditionOf = (definition: CustomResourceDefinition, type: string): DefinitionCondition | undefined =>
  definition.status?.conditions?.find((condition) => condition.type === type)

export const isConditionTrue = (definition: CustomResourceDefinition, type: string): boolean =>
  conditionOf(definition, type)?.status === 'True'
