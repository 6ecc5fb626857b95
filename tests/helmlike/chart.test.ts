import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readArchive } from '../../src/helmlike/chart/archive.ts'
import type { ChartFile } from '../../src/helmlike/chart/chart.ts'
import { chartFromFiles, loadChart } from '../../src/helmlike/chart/load.ts'
import { readValues } from '../../src/helmlike/chart/read-values.ts'
import { SET, SET_JSON, SET_LITERAL, SET_STRING, type SetStyle, setValues } from '../../src/helmlike/chart/set-values.ts'
import type { ValueMap } from '../../src/helmlike/gotemplate/value.ts'
import { packageChart } from '../../src/helmlike/package/archive.ts'
import { lockDigest } from '../../src/helmlike/package/dependency-build.ts'
import { threeWayPatch } from '../../src/helmlike/release/manifest-objects.ts'
import { fromSecret, type ReleaseRecord, toSecret } from '../../src/helmlike/release/record.ts'
import { render } from '../../src/helmlike/render/render.ts'
import { toJson } from '../../src/helmlike/yaml/json.ts'

const file = (name: string, text: string): ChartFile => ({ name, data: Buffer.from(text) })
const chartYaml = (more = '') => file('Chart.yaml', `apiVersion: v2\nname: c\nversion: 1.0.0\n${more}`)
const release = { name: 'r', namespace: 'n', revision: 1, isUpgrade: false }

async function rendered(files: ChartFile[], values = ''): Promise<string> {
  const r = await render(chartFromFiles(files), readValues(values, 'values'), { release })
  return r.manifests.map((m) => m.content.trim()).join('|')
}
const set = (text: string, style: SetStyle = SET): string => {
  const values: ValueMap = new Map()
  setValues(text, values, style)
  return toJson(values)
}

test("the user's values win over the chart's, maps are merged, null deletes", async () => {
  const files = [
    chartYaml(),
    file('values.yaml', 'a: {x: 1, y: 2}\nb: 3\nc: 4\n'),
    file('templates/t.yaml', 'v: {{ toJson .Values }}'),
  ]
  assert.is(await rendered(files, 'a: {y: null, z: 5}\nb: 9\nc: null\n'), 'v: {"a":{"x":1,"z":5},"b":9}')
})
test('a subchart sees its own values, globals, and what the parent sets for it', async () => {
  const files = [
    chartYaml('dependencies: [{name: sub, version: 1.x.x}]\n'),
    file('values.yaml', 'global: {g: 1}\nsub: {b: parent}\n'),
    file('charts/sub/Chart.yaml', 'apiVersion: v2\nname: sub\nversion: 1.2.0\n'),
    file('charts/sub/values.yaml', 'a: own\nb: own\n'),
    file('charts/sub/templates/t.yaml', 'v: {{ toJson .Values }}'),
  ]
  assert.is(await rendered(files), 'v: {"a":"own","b":"parent","global":{"g":1}}')
})
test('conditions and tags switch dependencies, aliases name them, import-values bring theirs up', async () => {
  const sub = [
    file('charts/sub/Chart.yaml', 'apiVersion: v2\nname: sub\nversion: 1.0.0\n'),
    file('charts/sub/values.yaml', 'exports: {e: {k: imported}}\n'),
    file('charts/sub/templates/t.yaml', 'n: {{ .Chart.Name }}'),
  ]
  const deps =
    'dependencies: [{name: sub, version: 1.0.0, condition: flags.one, alias: one}, {name: sub, version: 1.0.0, alias: two, tags: [t], import-values: [e]}]\n'
  const files = [chartYaml(deps), ...sub, file('templates/p.yaml', 'k: {{ .Values.k }}')]
  assert.is(await rendered(files), 'n: one|n: two|k: imported')
  assert.is(await rendered(files, 'flags: {one: false}\ntags: {t: false}\n'), 'k:')
})
test('a library chart gives templates but no manifests', async () => {
  const files = [
    chartYaml('dependencies: [{name: lib, version: 1.0.0}]\n'),
    file('charts/lib/Chart.yaml', 'apiVersion: v2\nname: lib\nversion: 1.0.0\ntype: library\n'),
    file('charts/lib/templates/_x.tpl', '{{ define "x" }}from lib{{ end }}'),
    file('charts/lib/templates/y.yaml', 'no: manifest'),
    file('templates/t.yaml', 'v: {{ include "x" . }}'),
  ]
  assert.is(await rendered(files), 'v: from lib')
})
test('values that do not meet values.schema.json are refused, saying where', async () => {
  const files = [
    chartYaml(),
    file('values.yaml', 'num: 1\n'),
    file('values.schema.json', '{"properties":{"num":{"type":"integer"}}}'),
    file('templates/t.yaml', 'a: 1'),
  ]
  assert.is(await rendered(files), 'a: 1')
  let message = ''
  await rendered(files, 'num: x\n').catch((e: Error) => {
    message = e.message
  })
  assert.match(message, /- at '\/num': got string, want integer/)
})
test('a schema that its own draft does not allow is refused, whatever the values', async () => {
  const { schemaViolations } = await import('../../src/helmlike/chart/schema-check.ts')
  const refused = async (schema: object) =>
    schemaViolations(Buffer.from(JSON.stringify(schema)), { a: 1 }).then(
      () => false,
      (e: Error) => /^"file:\/\/\/values\.schema\.json#" is not valid against metaschema: /.test(e.message),
    )
  const draft7 = 'http://json-schema.org/draft-07/schema#'
  // An $id has no fragment since 2019-09, which is what a schema without $schema is read as.
  for (const a of [{ $id: '#/properties/a' }, { title: 1 }, { examples: 'x' }]) {
    assert.is(await refused({ properties: { a } }), true, JSON.stringify(a))
    assert.is(await refused({ $schema: draft7, properties: { a } }), !('$id' in a), JSON.stringify(a))
  }
  // A pattern counts also where no value comes, but not where the draft knows no schemas.
  assert.is(await refused({ definitions: { a: { pattern: '^(?!a)' } } }), true)
  assert.is(await refused({ $defs: { a: { pattern: '[' } } }), true)
  assert.is(await refused({ $schema: draft7, $defs: { a: { pattern: '[' } } }), false)
  assert.is(await refused({ $id: '#root' }), true)
  assert.is(await refused({ $id: 'https://example.com/root.json#' }), false)
  assert.is(await refused({ $schema: draft7, $id: '#root' }), false)
})
test('a schema is loaded from where another refers to it, or the error says why not, in Helm words', async () => {
  const { schemaViolations } = await import('../../src/helmlike/chart/schema-check.ts')
  const asked: string[] = []
  const load = (url: string) => {
    asked.push(url)
    return url.endsWith('/types.json')
      ? Promise.resolve('{"definitions":{"a":{"type":"string"},"b":{"$ref":"more/types.json#/definitions/a"}}}')
      : Promise.reject(new Error('it is not there'))
  }
  const found = (schema: object, loader?: typeof load) =>
    schemaViolations(Buffer.from(JSON.stringify(schema)), { a: 1 }, loader).then(
      (list) => list.map((v) => `${v.at}: ${v.problem}`).join(),
      (e: Error) => e.message,
    )
  const to = (reference: string, $id?: string) => ({ $id, properties: { a: { $ref: reference } } })
  assert.is(await found(to('https://example.com/types.json#/definitions/b'), load), '/a: got number, want string')
  assert.equal(asked, ['https://example.com/types.json', 'https://example.com/more/types.json'])
  assert.is(await found(to('types.json#/definitions/a', 'https://example.com/x/root.json'), load), '/a: got number, want string')
  assert.is(asked.at(-1), 'https://example.com/x/types.json')
  for (const [reference, told] of [
    ['other.json', 'failing loading "file:///other.json": it is not there'],
    ['ftp://x/y', 'failing loading "ftp://x/y": no URLLoader registered for "ftp://x/y"'],
    ['urn:a:b', ''],
    ['#/definitions/none', 'json-pointer in "file:///values.schema.json#/definitions/none" not found'],
    ['#none', 'anchor in "file:///values.schema.json#none" not found in schema "file:///values.schema.json"'],
    ['https://e.com/types.json#/z', 'json-pointer in "https://e.com/types.json#/z" not found'],
  ] as const)
    assert.is(await found(to(reference), load), told)
  // Without a loader, as where charts of others are rendered, no URL is asked.
  assert.is(await found(to('https://e.com/2.json')), 'failing loading "https://e.com/2.json": charts must carry their schemas')
})
test('a schema means what its draft says, not what ajv would make of it', async () => {
  const { schemaViolations } = await import('../../src/helmlike/chart/schema-check.ts')
  const met = async (draft: number, schema: object, a: unknown) => {
    const $schema = draft > 2000 ? undefined : `http://json-schema.org/draft-0${draft}/schema#`
    // A pattern that is not plain: ajv judges.
    const text = JSON.stringify({ $schema, properties: { a: schema, z: { pattern: '\\p{L}' } } })
    return (await schemaViolations(Buffer.from(text), { a })).length === 0
  }
  for (const [draft, schema, value, isMet] of [
    [7, { nullable: true }, 1, true],
    [2020, { type: 'string', nullable: true }, null, false],
    [7, { $async: true, type: 'string' }, 1, false],
    [7, { id: '#/properties/a', type: 'string' }, 'x', true],
    [7, { type: 'string', $ref: '#/definitions/none' }, 1, undefined],
    [7, { $ref: '#' }, { a: { a: {} } }, true],
    [2020, { type: 'object', properties: { b: { $ref: '#' } } }, { b: { z: '1' } }, false],
    // Before 2019 a reference stands alone.
    [7, { $ref: '#/properties/z', type: 'string' }, 1, true],
    [2020, { $ref: '#/properties/z', type: 'string' }, 1, false],
    [6, { if: false, else: false }, 1, true],
    [7, { if: false, else: false }, 1, false],
    [4, { const: 1 }, 2, true],
    [6, { const: { b: [1] } }, { b: [1] }, true],
    [6, { const: { b: [1] } }, { b: [2] }, false],
    [7, { properties: { id: { type: 'string' }, nullable: { type: 'string' }, if: { type: 'string' } } }, { id: 1 }, false],
    [4, { properties: { id: { type: 'string' }, if: { type: 'string' } } }, { if: 1 }, false],
  ] as const) {
    const found = await met(draft, schema, value).catch(() => undefined)
    assert.is(found, isMet, JSON.stringify([draft, schema, value]))
  }
})
test('a symbolic link that leads to nothing is told in the words of Go', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'chart-links-')))
  try {
    writeFileSync(join(folder, 'Chart.yaml'), 'apiVersion: v2\nname: c\nversion: 1.0.0\n')
    const link = join(folder, 'a')
    for (const [target, problem] of [
      ['../none-of-this/x', `lstat ${join(folder, '../none-of-this')}: no such file or directory`],
      ['/none-of-this', 'lstat /none-of-this: no such file or directory'],
      ['a', 'EvalSymlinks: too many links'],
      ['Chart.yaml/b', 'not a directory'],
    ] as const) {
      symlinkSync(target, link)
      assert.throws(
        () => loadChart(folder),
        (e: Error) => e.message === `error evaluating symlink ${link}: ${problem}`,
      )
      rmSync(link)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})
// The texts are those of Helm 4.3.
test('properties that are missing or too many at one place are told together', async () => {
  const { schemaViolations } = await import('../../src/helmlike/chart/schema-check.ts')
  const schema = { properties: { a: { required: ['x', 'y'], properties: { x: {}, y: {} }, additionalProperties: false } } }
  const told = async (a: object) => (await schemaViolations(Buffer.from(JSON.stringify(schema)), { a })).map((v) => v.problem)
  assert.equal(await told({ p: 1, q: 2 }), ["missing properties 'x', 'y'", "additional properties 'p', 'q' not allowed"])
  assert.equal(await told({ x: 1 }), ["missing property 'y'"])
})
test('values outside the limits of a schema are told as Helm tells them', async () => {
  const { schemaViolations } = await import('../../src/helmlike/chart/schema-check.ts')
  for (const [schema, value, told] of [
    [{ minimum: 0 }, -5, 'minimum: got -5, want 0'],
    [{ maximum: 65535 }, 70000, 'maximum: got 70,000, want 65,535'],
    [{ exclusiveMinimum: 0.5 }, 0.5, 'exclusiveMinimum: got 0.5, want 0.5'],
    [{ exclusiveMaximum: 10 }, 12345.678, 'exclusiveMaximum: got 12,345.678, want 10'],
    [{ multipleOf: 2 }, 3, 'multipleOf: got 3, want 2'],
    [{ minLength: 3 }, 'é', 'minLength: got 1, want 3'],
    [{ maxItems: 1 }, [1, 2], 'maxItems: got 2, want 1'],
    [{ minProperties: 2 }, { a: 1 }, 'minProperties: got 1, want 2'],
    [{ uniqueItems: true }, [1, 1], 'items at 0 and 1 are equal'],
    [{ pattern: '^a+$' }, 'b"x', `'b"x' does not match pattern '^a+$'`],
    [{ const: 'x' }, 'y', "value must be 'x'"],
    [{ const: { a: 1 } }, 1, "'const' failed"],
    [{ enum: ['a'] }, 'z', "value must be 'a'"],
    [{ enum: ['a', 1, null] }, 'z', "value must be one of 'a', 1, <nil>"],
  ] as const) {
    const text = JSON.stringify({ $schema: 'http://json-schema.org/draft-07/schema#', properties: { a: schema } })
    assert.equal(
      (await schemaViolations(Buffer.from(text), { a: value })).map((v) => v.problem),
      [told],
    )
  }
})
test('formats count in the drafts in which Helm asserts them; patterns are RE2 and answer at once', async () => {
  const problems = async (draft: string, schema: object, a: unknown) => {
    const { schemaViolations } = await import('../../src/helmlike/chart/schema-check.ts')
    const text = JSON.stringify({ $schema: `http://json-schema.org/${draft}/schema#`, properties: { a: schema } })
    return (await schemaViolations(Buffer.from(text), { a })).map((v) => `at '${v.at}': ${v.problem}`).join()
  }
  assert.match(await problems('draft-07', { type: 'string', format: 'email' }, 'nobody'), /at '\/a'/)
  assert.is(await problems('draft-07', { type: 'string', format: 'email' }, 'a@b.de'), '')
  assert.match(await problems('draft-04', { type: 'string', format: 'ipv4' }, '1.2.3'), /at '\/a'/)
  assert.is(await problems('draft/2020-12', { type: 'string', format: 'email' }, 'nobody'), '')
  const started = performance.now()
  // Two patterns in a schema are two.
  const two = { properties: { x: { pattern: '^a(b|c)$' }, y: { pattern: '^[0-9]+(Gi|Mi)$' } } }
  assert.not.ok(await problems('draft-07', two, { x: 'ab', y: '10Gi' }))
  assert.match(await problems('draft-07', two, { x: 'ab', y: 'ab' }), /at '\/a\/y'/)
  assert.match(await problems('draft-07', { pattern: '^(a+)+$' }, `${'a'.repeat(50_000)}!`), /at '\/a'/)
  assert.ok(performance.now() - started < 2000)
})

test('a pattern with alternatives in a group is left to ajv only where there is a string to be matched; counts need no RE2', async () => {
  const { isPlainSchema, surelyMeets } = await import('../../src/helmlike/chart/schema-plain.ts')
  const of = (pattern: string) => ({ properties: { a: { type: 'string', pattern } } })
  const grouped = of('^((sha256|sha512):[a-f0-9]{64})?$')
  assert.ok(isPlainSchema(grouped))
  assert.is(surelyMeets(grouped, {}), true)
  assert.is(surelyMeets(grouped, { a: '' }), false)
  assert.is(surelyMeets({ not: grouped }, { a: 'x' }), false)
  const optional = of('^(sha256:[a-f0-9]{4})?$')
  for (const a of ['', 'sha256:01ab']) assert.is(surelyMeets(optional, { a }), true)
  assert.is(surelyMeets(optional, { a: 'sha256:' }), false)
  const counted = of('^[a-f0-9]{2,3}$')
  assert.is(surelyMeets(counted, { a: 'abc' }), true)
  assert.is(surelyMeets(counted, { a: 'abcd' }), false)
  assert.is(surelyMeets({ not: counted }, { a: 'a'.repeat(5000) }), false)
  for (const refused of ['(?=a)', '(a)\\1', '[z-a]', '(a', 'a{2}{3}', '(a{9}){900}', '\\p{L}'])
    assert.not.ok(isPlainSchema(of(refused)), refused)
})

test('a plain schema is walked, and what it does not surely meet ajv judges: the same answers', async () => {
  const { isPlainSchema, surelyMeets } = await import('../../src/helmlike/chart/schema-plain.ts')
  const schema = {
    type: 'object',
    required: ['n'],
    additionalProperties: false,
    properties: {
      n: { type: 'integer', minimum: 1 },
      s: { type: ['string', 'null'], minLength: 2, pattern: '^[a-z]+$' },
      list: { type: 'array', items: { $ref: '#/definitions/item' }, maxItems: 2 },
      one: { oneOf: [{ const: 1 }, { enum: ['a', 2] }] },
      no: { not: { type: 'string' } },
      cond: JSON.parse('{"if": {"type": "number"}, "then": {"maximum": 5}, "else": {"type": "string"}}') as object,
    },
    definitions: { item: { anyOf: [{ type: 'boolean' }, { type: 'number' }] } },
  }
  assert.ok(isPlainSchema(schema))
  const good = [{ n: 1 }, { n: 2, s: null, list: [true, 1], one: 'a', no: 1, cond: 5 }, { n: 1, cond: 'x', s: 'ab' }]
  const bad = [
    {},
    { n: 0 },
    { n: 1.5 },
    { n: 1, x: 1 },
    { n: 1, s: 'a' },
    { n: 1, s: 'A1' },
    { n: 1, list: ['x'] },
    { n: 1, list: [1, 2, 3] },
  ]
  const worse = [{ n: 1, one: 3 }, { n: 1, no: 'x' }, { n: 1, cond: 6 }, { n: 1, cond: true }, []]
  for (const v of good) assert.is(surelyMeets(schema, v), true, JSON.stringify(v))
  for (const v of [...bad, ...worse]) assert.is(surelyMeets(schema, v), false, JSON.stringify(v))
  for (const odd of [{ type: 'strin' }, { required: true }, { format: 'email' }, { $ref: 'https://x' }, { pattern: '(?<=a)b' }])
    assert.not.ok(isPlainSchema({ properties: { a: odd } }), JSON.stringify(odd))
})

test('YAML that a template spoils is blamed on the template line', async () => {
  const files = [chartYaml(), file('templates/t.yaml', 'a: 1\n{{ if true }}\nb:\n  - x\n {{ "c: [" }}\n{{ end }}\n')]
  const e = await rendered(files).catch((x: Error & { hint?: string }) => x)
  assert.match((e as { hint?: string }).hint ?? '', /comes from c\/templates\/t\.yaml:[4567]/)
})
test('--set has types, lists, indexes and escapes; its relatives differ as Helm has it', () => {
  assert.is(set('a=1,b=true,c=null,d=x,e=01,f=1.5'), '{"a":1,"b":true,"c":null,"d":"x","e":"01","f":"1.5"}')
  assert.is(set('a.b={x,2},c[1].d=y,e\\.f=z,g=a\\,b'), '{"a":{"b":["x",2]},"c":[null,{"d":"y"}],"e.f":"z","g":"a,b"}')
  assert.is(set('a=1,b=true', SET_STRING), '{"a":"1","b":"true"}')
  assert.is(set('a={"x":[1,2]},b=null', SET_JSON), '{"a":{"x":[1,2]},"b":null}')
  assert.is(set('a.b=x,y={z}', SET_LITERAL), '{"a":{"b":"x,y={z}"}}')
  assert.throws(() => set('a'), /key "a" has no value/)
  assert.throws(() => set('a[-1]=x'), /negative/)
  assert.throws(() => set('a[99999999]=x'), /maximum supported index/)
})
test('--set at the ends of its grammar, as Helm reads it', () => {
  // An index that does not end says nothing.
  for (const style of [SET, SET_STRING, SET_LITERAL])
    assert.is(
      set('a=1,b[0=x'.slice(style === SET_LITERAL ? 4 : 0), style),
      style === SET_LITERAL ? '{}' : style === SET ? '{"a":1}' : '{"a":"1"}',
    )
  assert.is(set('l[0].x='), '{"l":[]}')
  assert.is(set('l[0]='), '{"l":[""]}')
  assert.is(set('a.b='), '{"a":{"b":""}}')
  for (const [text, style, told] of [
    ['a.=1', SET, 'key map "a" has no value'],
    ['.=x', SET_LITERAL, 'key map "" has no value'],
    ['a[0]xy=1', SET, "unexpected data at end of array index: ['x' 'y']"],
    [
      'a={x},a.b=1',
      SET,
      'unable to parse key: interface conversion: interface {} is []interface {}, not map[string]interface {}',
    ],
    ['a=x,a[0]=1', SET, 'unable to parse key: interface conversion: interface {} is string, not []interface {}'],
    ['a=null,a.b=1', SET, 'unable to parse key: interface conversion: interface {} is nil, not map[string]interface {}'],
    ['a[0]=x,a[0][1]=y', SET, 'unable to parse key: interface conversion: interface {} is string, not []interface {}'],
  ] as const)
    assert.throws(
      () => set(text, style),
      (e: Error) => e.message === told,
      text,
    )
})
test('a chart packs to the same bytes each time and reads back', () => {
  const chart = chartFromFiles([
    chartYaml(),
    file('values.yaml', 'a: 1\n'),
    file(`templates/${'long/'.repeat(40)}t.yaml`, 'x: 1'),
  ])
  const archive = packageChart(chart)
  assert.ok(archive.equals(packageChart(chart)))
  assert.is(chartFromFiles(readArchive(archive)).templates[0]?.name, `templates/${'long/'.repeat(40)}t.yaml`)
})
test("the digest of a lock is Helm's", () => {
  const asked = {
    name: 'foo',
    version: '>=0.1.0',
    repository: 'file://../foo',
    condition: '',
    tags: [],
    enabled: false,
    importValues: [],
    alias: '',
  }
  const found = { name: 'foo', version: '0.1.0', repository: 'file://../foo' }
  assert.is(lockDigest([asked], [found]), 'sha256:3190413f8fcf12184b5e4518716c6798dedd7c8f0b43b7d57a0750b1d657f607')
})
test('a release survives its Secret', () => {
  const r: ReleaseRecord = {
    name: 'a',
    namespace: 'n',
    version: 2,
    info: { status: 'deployed' },
    chart: {},
    config: { x: 1 },
    manifest: 'k: v',
  }
  const secret = toSecret(r, new Date(0))
  assert.is(secret.metadata.name, 'sh.helm.release.v1.a.v2')
  const { secretLabels, ...read } = fromSecret(secret)
  assert.equal(read, r)
  assert.equal([secretLabels?.owner, secretLabels?.version], ['helm', '2'])
})
test('a three-way merge deletes what the old manifest had and leaves what others added', () => {
  assert.equal(threeWayPatch({ a: 1, m: { x: 1, y: 1 } }, { m: { x: 2 } }, { a: 1, m: { x: 1, y: 1, z: 1 }, other: 1 }), {
    a: null,
    m: { y: null, x: 2 },
  })
})

test.run()
