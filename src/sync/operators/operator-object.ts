import type { PolicyRule } from '../../apimachinery/kinds.generated.ts'
import { customResource, type ObjectOf } from '../../crd/authoring/custom-resource.ts'
import { schema } from '../../crd/authoring/schema.ts'

/** slipway.dev/v1alpha1 Operator: a module of the repository that it stands in, run by the server. */
export const operatorObjects = customResource({
  group: 'slipway.dev',
  version: 'v1alpha1',
  kind: 'Operator',
  spec: schema.object({
    module: schema
      .string()
      .maxLength(512)
      .pattern('^[A-Za-z0-9_@][A-Za-z0-9_./@-]*\\.(ts|mts|js|mjs)$')
      .rule('!self.contains("..")', 'must be a path within the repository')
      .describe("The module that exports operators: a path from the Application's source path."),
    watch: schema
      .enum('Namespace', 'Cluster')
      .default('Namespace')
      .describe('Whether it works on objects of its own namespace, or of all: then it has its rights everywhere.'),
    memory: schema.string().pattern('^[1-9][0-9]*Mi$').default('192Mi').describe('It is ended when it needs more.'),
    cpu: schema.string().pattern('^[1-9][0-9]*m$').default('500m').describe('As much of a processor as it gets.'),
    egress: schema
      .array(schema.string().maxLength(256).pattern('^[A-Za-z0-9.*:-]+:[0-9]+$'))
      .maxItems(32)
      .optional()
      .describe('What it may connect to besides the API: `db.example.com:5432`.'),
    rules: schema
      .array(schema.anyObject<PolicyRule>())
      .maxItems(64)
      .optional()
      .describe('Rights besides those that follow from its kinds, for what it does by `client`.'),
    suspend: schema.boolean().default(false),
  }),
  status: schema.object({
    commit: schema.string(),
    operators: schema.array(schema.string()),
    restarts: schema.integer(),
    webhooks: schema.string().describe('Where the API server asks its webhooks: `https://127.0.0.1:40123`.'),
    limits: schema.string().describe('What holds it to its limits: `cgroup`, or only `heap`.'),
  }),
  columns: {
    Module: '.spec.module',
    Ready: '.status.conditions[?(@.type=="Ready")].status',
    Restarts: '.status.restarts',
    Commit: { path: '.status.commit', priority: 1 },
    Message: { path: '.status.conditions[?(@.type=="Ready")].message', priority: 1 },
  },
})

export type OperatorObject = ObjectOf<typeof operatorObjects>
