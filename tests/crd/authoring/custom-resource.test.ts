import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { customResource, isCustomResource, type ObjectOf } from '../../../src/crd/authoring/custom-resource.ts'
import { schema } from '../../../src/crd/authoring/schema.ts'
import { definitionProblems } from '../../../src/crd/definition/problems.ts'

const Database = customResource({
  group: 'example.com',
  version: 'v1',
  kind: 'Database',
  shortNames: ['db'],
  spec: schema
    .object({
      replicas: schema.integer().min(1).default(1),
      engine: schema.enum('postgres', 'mysql').describe('What runs.'),
      storage: schema.quantity().default('1Gi'),
      backup: schema.object({ schedule: schema.string(), keep: schema.integer().default(3) }).optional(),
      labels: schema.map(schema.string()).optional(),
      ports: schema
        .array(schema.object({ name: schema.string(), port: schema.intOrString() }))
        .mapBy('name')
        .optional(),
    })
    .rule('self.replicas % 2 == 1', 'must be odd')
    .rule('self.engine == oldSelf.engine', { message: 'cannot be changed', fieldPath: '.engine' }),
  status: schema.object({ ready: schema.integer(), since: schema.timestamp().optional() }),
  columns: { Engine: '.spec.engine', Ready: '.status.ready', Since: { path: '.status.since', priority: 1 } },
  scale: { spec: '.spec.replicas', status: '.status.ready' },
  selectable: ['.spec.engine'],
  otherVersions: [{ version: 'v1beta1', spec: schema.object({ engine: schema.string() }), deprecated: 'use v1' }],
})
type Database = ObjectOf<typeof Database>

/** Fails to compile when A is not B. */
const isType = <A, B extends A>(_: (a: A) => B): void => {}

test('a kind written in TypeScript has the types of its schema: defaults are there for readers, and optional for writers', () => {
  const db = Database.make({ name: 'a' }, { engine: 'postgres' })
  const read = (d: Database): number => d.spec.replicas
  isType<'postgres' | 'mysql', Database['spec']['engine']>((engine) => engine)
  isType<number | undefined, number | undefined>(() => db.spec.backup?.keep)
  isType<string | number, string | number>(() => db.spec.storage)
  // @ts-expect-error: a writer must give the engine
  Database.make({ name: 'b' }, {})
  // @ts-expect-error: no such engine
  Database.make({ name: 'c' }, { engine: 'oracle' })
  // @ts-expect-error: what is optional may be missing
  const keep = (d: Database): number => d.spec.backup.keep
  assert.type(read, 'function')
  assert.throws(() => keep(db))
})

test('the definition of a kind written in TypeScript is accepted', () => {
  assert.equal(definitionProblems(Database.definition), [])
  assert.is(Database.definition.metadata.name, 'databases.example.com')
  assert.ok(isCustomResource(Database))
})

test('fields without default that are not optional are required; defaults, rules and descriptions stand where they were said', () => {
  const [version, older] = Database.definition.spec.versions ?? []
  const spec = version?.schema?.openAPIV3Schema?.properties?.spec
  assert.equal(spec?.required, ['engine'])
  assert.is(spec?.properties?.replicas?.default, 1)
  assert.is(spec?.properties?.replicas?.minimum, 1)
  assert.equal(spec?.properties?.engine?.enum, ['postgres', 'mysql'])
  assert.is(spec?.['x-kubernetes-validations']?.[1]?.fieldPath, '.engine')
  assert.equal(spec?.properties?.ports?.['x-kubernetes-list-map-keys'], ['name'])
  const status = version?.schema?.openAPIV3Schema?.properties?.status?.properties
  assert.equal(Object.keys(status ?? {}), ['observedGeneration', 'conditions', 'ready', 'since'])
  assert.equal([version?.storage, older?.storage, older?.deprecationWarning], [true, false, 'use v1'])
})

test('printer columns have the type of their field, and the age stays', () => {
  const columns = Database.definition.spec.versions?.[0]?.additionalPrinterColumns
  assert.equal(
    columns?.map((c) => `${c.name} ${c.type} ${c.jsonPath}`),
    [
      'Engine string .spec.engine',
      'Ready integer .status.ready',
      'Since date .status.since',
      'Age date .metadata.creationTimestamp',
    ],
  )
})

test('kinds are put into the plural as English has it', () => {
  const plural = (kind: string) => customResource({ group: 'a.b', version: 'v1', kind, spec: schema.object({}) }).resource
  assert.equal(['Policy', 'Box', 'Database', 'Gateway'].map(plural), ['policies', 'boxes', 'databases', 'gateways'])
})

test('a pattern with flags is refused, since a definition cannot say them', () => {
  assert.throws(() => schema.string().pattern(/a/i), /flags/)
  assert.is(schema.string().pattern(/^a$/).json.pattern, '^a$')
})

test.run()
