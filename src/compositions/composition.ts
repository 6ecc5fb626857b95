import type { ObjectOf } from '../crd/authoring/custom-resource.ts'
import { customResource } from '../crd/authoring/custom-resource.ts'
import { schema } from '../crd/authoring/schema.ts'
import type { JsonObject } from '../crd/schema/json-schema.ts'

const name = () => schema.string().minLength(1).maxLength(63)
const expressions = () => schema.array(schema.string().maxLength(2048)).maxItems(16).optional()

const resource = schema
  .object({
    id: schema
      .string()
      .maxLength(40)
      .pattern('^[a-z][a-zA-Z0-9]*$')
      .describe('The name by which expressions mean the object, such as `deployment`.'),
    template: schema
      .anyObject<JsonObject>()
      .optional()
      .describe('The object, with ${CEL} wherever a value depends on something.'),
    external: schema
      .object({
        apiVersion: schema.string(),
        kind: schema.string(),
        metadata: schema.object({ name: schema.string(), namespace: schema.string().optional() }),
      })
      .optional()
      .describe('An object that is there already and is only read.'),
    includeWhen: expressions().describe('The object is made only while all of these are true.'),
    readyWhen: expressions().describe(
      'When the object counts as ready; objects that refer to it wait for that. Default: when it exists.',
    ),
    forEach: schema
      .array(schema.object({ name: name().pattern('^[a-z][a-zA-Z0-9]*$'), in: schema.string() }))
      .maxItems(4)
      .optional()
      .describe('One object for each item of a list, or for each pair of several: `{ name: host, in: "${schema.spec.hosts}" }`.'),
  })
  .rule('has(self.template) != has(self.external)', 'either template or external must be given')
  .rule('!has(self.external) || !has(self.forEach)', 'an external object cannot have forEach')

/** slipway.dev/v1alpha1 Composition: a kind that is made of other kinds. */
export const compositions = customResource({
  group: 'slipway.dev',
  version: 'v1alpha1',
  kind: 'Composition',
  shortNames: ['compo'],
  scope: 'Cluster',
  spec: schema.object({
    schema: schema
      .object({
        group: schema.string().maxLength(253).describe('The API group of the kind that is made.'),
        version: schema.string().maxLength(20).default('v1alpha1'),
        kind: name().pattern('^[A-Z][A-Za-z0-9]*$'),
        plural: name().optional(),
        shortNames: schema.array(name()).maxItems(8).optional(),
        scope: schema.enum('Namespaced', 'Cluster').default('Namespaced'),
        types: schema.anyObject<JsonObject>().optional().describe('Types that fields of spec may name.'),
        spec: schema.anyObject<JsonObject>().default({}).describe('Fields: `replicas: integer | default=1 minimum=1`.'),
        status: schema
          .anyObject<JsonObject>()
          .default({})
          .describe('Fields and what they are: `ready: ${deployment.status.readyReplicas}`.'),
        columns: schema
          .map(schema.string())
          .optional()
          .describe('What `kubectl get` shows: `Image: .spec.image`. Whether the object is ready is always shown.'),
        rules: schema
          .array(schema.object({ rule: schema.string(), message: schema.string().optional() }))
          .maxItems(32)
          .optional()
          .describe('CEL rules over the whole object (`self.spec.min <= self.spec.max`), checked by the API.'),
      })
      .rule(
        'self.group == oldSelf.group && self.kind == oldSelf.kind && self.scope == oldSelf.scope',
        'group, kind and scope cannot be changed',
      ),
    resources: schema.array(resource).mapBy('id').minItems(1).maxItems(64),
  }),
  status: schema.object({
    definition: schema.string().optional().describe('The CustomResourceDefinition that was made.'),
    order: schema.array(schema.string()).optional().describe('In which order the objects are made.'),
  }),
  columns: {
    Kind: '.spec.schema.kind',
    Group: '.spec.schema.group',
    Ready: '.status.conditions[?(@.type=="Ready")].status',
    Message: { path: '.status.conditions[?(@.type=="Ready")].message', priority: 1 },
  },
})

export type Composition = ObjectOf<typeof compositions>
export type ComposedResource = Composition['spec']['resources'][number]
