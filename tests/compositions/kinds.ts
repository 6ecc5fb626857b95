import type { Unstructured } from '../../src/apimachinery/object.ts'
import type { Composition } from '../../src/compositions/composition.ts'
import type { KindSchemas } from '../../src/compositions/kind-schemas.ts'
import { wholeObject } from '../../src/compositions/kind-schemas.ts'
import type { JsonSchema } from '../../src/crd/schema/json-schema.ts'

const port: JsonSchema = {
  type: 'object',
  properties: { port: { type: 'integer' }, targetPort: { format: 'int-or-string', oneOf: [{}] } as never },
}
const schemas: Readonly<Record<string, { resource: string; namespaced: boolean; schema: JsonSchema }>> = {
  'apps/v1 Deployment': {
    resource: 'deployments',
    namespaced: true,
    schema: {
      type: 'object',
      properties: {
        spec: {
          type: 'object',
          properties: { replicas: { type: 'integer' }, image: { type: 'string' }, paused: { type: 'boolean' } },
        },
        status: { type: 'object', properties: { readyReplicas: { type: 'integer' } } },
      },
    },
  },
  'v1 Service': {
    resource: 'services',
    namespaced: true,
    schema: {
      type: 'object',
      properties: {
        spec: {
          type: 'object',
          properties: {
            clusterIP: { type: 'string' },
            ports: { type: 'array', items: port },
            selector: { type: 'object', additionalProperties: { type: 'string' } },
          },
        },
      },
    },
  },
  'v1 ConfigMap': {
    resource: 'configmaps',
    namespaced: true,
    schema: { type: 'object', properties: { data: { type: 'object', additionalProperties: { type: 'string' } } } },
  },
  'v1 Namespace': { resource: 'namespaces', namespaced: false, schema: { type: 'object' } },
}

/** A cluster that serves four kinds, somewhat simpler than they are. */
export const kinds = {
  async of(apiVersion: string, kind: string) {
    const found = schemas[`${apiVersion} ${kind}`]
    if (!found) return undefined
    const [version = '', group = ''] = apiVersion.split('/').reverse()
    return { resource: { group, version, kind, ...found }, schema: wholeObject(found.schema) }
  },
} as unknown as KindSchemas

export interface Parts {
  readonly spec?: object
  readonly status?: object
  readonly resources: readonly object[]
  readonly more?: object
}

export const composition = ({ spec = {}, status = {}, resources, more }: Parts): Composition =>
  ({
    metadata: { name: 'webapp', uid: 'u', generation: 1 },
    spec: {
      schema: { group: 'example.com', version: 'v1alpha1', kind: 'WebApp', scope: 'Namespaced', spec, status, ...more },
      resources,
    },
  }) as unknown as Composition

export const webApp = (spec: object): Unstructured => ({
  apiVersion: 'example.com/v1alpha1',
  kind: 'WebApp',
  metadata: { name: 'shop', namespace: 'team', uid: 'w', generation: 1 },
  spec,
})

export const deployment = (spec: object = {}, more: object = {}) => ({
  id: 'deployment',
  template: { apiVersion: 'apps/v1', kind: 'Deployment', spec },
  ...more,
})
