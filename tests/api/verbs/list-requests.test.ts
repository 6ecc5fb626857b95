import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { asking } from '../abuse/asking.ts'

const { ask } = await asking()
const json = { 'content-type': 'application/json' }
const configMaps = '/api/v1/namespaces/default/configmaps'
const partial = (kind: string) => ({ accept: `application/json;as=${kind};v=v1;g=meta.k8s.io` })

test.before(async () => {
  for (const name of ['other', 'zoo']) await ask('POST', '/api/v1/namespaces', JSON.stringify({ metadata: { name } }), json)
  for (const path of [configMaps, '/api/v1/namespaces/other/configmaps', '/api/v1/namespaces/zoo/configmaps'])
    for (const name of ['a', 'b', 'c']) await ask('POST', path, JSON.stringify({ metadata: { name } }), json)
})

async function answer(target: string, headers: Record<string, string> = {}) {
  const { status, text } = await ask('GET', target, undefined, headers)
  return { status, body: JSON.parse(text) }
}

async function message(query: string, path = configMaps): Promise<string> {
  const { status, body } = await answer(`${path}?${query}`)
  return `${status} ${body.message}`
}

const token = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

test('a continue token leads on within the namespace that is asked for, and never out of it', async () => {
  const first = await answer('/api/v1/namespaces/other/configmaps?limit=1')
  const rest = await answer(`/api/v1/namespaces/other/configmaps?continue=${first.body.metadata.continue}`)
  assert.equal(
    rest.body.items.map((i: { metadata: { name: string } }) => i.metadata.name),
    ['b', 'c'],
  )
  for (const start of ['a\0', 'default/a\0', '!\0']) {
    const { body } = await answer(`/api/v1/namespaces/other/configmaps?continue=${token({ v: 'meta.k8s.io/v1', rv: -1, start })}`)
    for (const item of body.items) assert.is(item.metadata.namespace, 'other')
  }
})

const bad: readonly (readonly [token: string, why: string])[] = [
  ['Zm9v', "invalid character 'o' in literal false (expecting 'a')"],
  ['a', 'illegal base64 data at input byte 0'],
  ['ab=c', 'illegal base64 data at input byte 2'],
  ['W10', 'json: cannot unmarshal array into Go value of type storage.continueToken'],
  ['bnVsbA', 'server does not recognize this encoded version '],
  [token({ v: 'x' }), 'server does not recognize this encoded version x'],
  [token({ v: 1 }), 'json: cannot unmarshal number into Go struct field continueToken.v of type string'],
  [token({ rv: -1.5 }), 'json: cannot unmarshal number -1.5 into Go struct field continueToken.rv of type int64'],
  [token({ v: 'meta.k8s.io/v1', rv: 0, start: 'a' }), 'incorrect encoded start resourceVersion (version meta.k8s.io/v1)'],
  [token({ v: 'meta.k8s.io/v1', rv: -1 }), 'encoded start key empty (version meta.k8s.io/v1)'],
  [token({ v: 'meta.k8s.io/v1', rv: -1, start: 'a/../b' }), 'a/../b'],
]
for (const [text, why] of bad) {
  test(`a continue token that is none is refused as Go reads it: ${why}`, async () => {
    assert.is(await message(`continue=${text}`), `400 invalid continue token: continue key is not valid: ${why}`)
    assert.is(await message(`continue=${text}&resourceVersion=x`), await message(`continue=${text}`))
  })
}

test('a continue token goes with no resourceVersion but 0', async () => {
  const at = token({ v: 'meta.k8s.io/v1', rv: -1, start: 'a\0' })
  const refused = '400 specifying resource version is not allowed when using continue'
  for (const version of ['1', '00', 'x']) assert.is(await message(`continue=${at}&resourceVersion=${version}`), refused)
  assert.is((await answer(`${configMaps}?continue=${at}&resourceVersion=0`)).status, 200)
})

test('of several mistakes the first is told: numbers, selectors, combinations, fields', async () => {
  const all = 'fieldSelector=no%3D1&resourceVersionMatch=Exact&labelSelector=a%3Db%3Dc&limit=l&timeoutSeconds=t'
  assert.is(await message(all), '400 strconv.ParseInt: parsing "t": invalid syntax')
  assert.is(await message(all.replace('=t', '=1')), '400 strconv.ParseInt: parsing "l": invalid syntax')
  const numbers = all.replace('=t', '=1').replace('=l', '=1')
  assert.match(await message(numbers), /^400 found '='/)
  assert.match(await message(numbers.replace('a%3Db%3Dc', 'a')), /^422 .*resourceVersionMatch is forbidden unless/)
  assert.match(await message('fieldSelector=no%3D1'), /^400 "no" is not a known field selector/)
})

test('what is wrong with a field selector is told in the words of apimachinery, the least term first', async () => {
  const of = (selector: string) => message(`fieldSelector=${encodeURIComponent(selector)}`)
  assert.is(await of('metadata.name=a\\x'), '400 invalid field selector: invalid escape sequence: \\x')
  assert.is(await of('metadata.name=a\\'), '400 invalid field selector: invalid escape sequence: \\')
  assert.is(await of('metadata.name=a=b'), '400 invalid field selector: unescaped character in value: 61')
  assert.is(await of('z,metadata.name=a,b'), "400 invalid selector: 'z,metadata.name=a,b'; can't understand 'b'")
  assert.is((await answer(`${configMaps}?fieldSelector=%3D`)).body.items.length, 3)
})

test('kinds without namespace that have fields of their own are not selected by namespace', async () => {
  const query = 'fieldSelector=metadata.namespace%3Dx'
  assert.is(await message(query, '/api/v1/nodes'), '400 field label not supported: metadata.namespace')
  assert.is((await answer(`/apis/storage.k8s.io/v1/storageclasses?${query}`)).status, 200)
})

test('a list has no PartialObjectMetadata; the error names the type of the kind where it comes from', async () => {
  const asked = (path: string) =>
    answer(path, partial('PartialObjectMetadata')).then(({ body }) => `${body.code} ${body.message}`)
  const text = (type: string) => `406 you requested PartialObjectMetadata, but the requested object is a list (*${type})`
  assert.is(await asked(configMaps), text('core.ConfigMapList'))
  assert.is(await asked('/apis/events.k8s.io/v1/events'), text('core.EventList'))
  assert.is(await asked('/apis/rbac.authorization.k8s.io/v1/roles'), text('rbac.RoleList'))
})

test('empty lists of metadata and of rows without columns of their own are null', async () => {
  const { body } = await answer('/api/v1/namespaces/default/secrets', partial('PartialObjectMetadataList'))
  assert.is(body.items, null)
  assert.is((await answer('/apis/rbac.authorization.k8s.io/v1/namespaces/zoo/roles', partial('Table'))).body.rows, null)
  assert.equal((await answer('/api/v1/namespaces/default/secrets', partial('Table'))).body.rows, [])
})

test('an error has no other form than its own: as= is passed over with its media type', async () => {
  const accept = 'application/yaml;as=Table;v=v1;g=meta.k8s.io'
  assert.is((await answer(`${configMaps}?limit=x`, { accept })).body.kind, 'Status')
  const { text } = await ask('GET', `${configMaps}?limit=x`, undefined, { accept: `${accept},application/yaml` })
  assert.match(text, /^apiVersion: v1\n/)
})

test('a path of a built-in group in a version that it has not is answered by the group', async () => {
  for (const path of ['/apis/apps/v9/deployments', '/api/v2/pods']) assert.is((await answer(path)).body.reason, 'NotFound')
  assert.is((await ask('GET', '/apis/nobody/v1/things')).text, '404 page not found\n')
})

test('one object named by a selector is read as it is now, not as a page of what was', async () => {
  const { body } = await answer(`${configMaps}?limit=1`)
  await ask('POST', configMaps, JSON.stringify({ metadata: { name: 'd' } }), json)
  const query = `limit=1&resourceVersion=${body.metadata.resourceVersion}`
  assert.is((await answer(`${configMaps}?${query}&fieldSelector=metadata.name%3Dd`)).body.items.length, 1)
  assert.is((await answer(`${configMaps}?${query}`)).body.metadata.resourceVersion, body.metadata.resourceVersion)
})

test('a watch tells combinations that make no sense before that it has no YAML', async () => {
  const refused = async (query: string) => {
    const { text } = await ask('GET', `${configMaps}?watch=1&${query}`, undefined, { accept: 'application/yaml' })
    return text
  }
  assert.match(await refused('continue=x'), /resourceVersionMatch is forbidden when continue is provided/)
  assert.match(
    await refused('resourceVersionMatch=Exact'),
    /unless sendInitialEvents is provided[\s\S]*supported values: "NotOlderThan"/,
  )
  assert.match(await refused('resourceVersion=x'), /code: 500/)
  assert.match(await refused(''), /only the following media types are accepted: application\/json;stream=watch/)
})

test('a number that is left empty is no number', async () => {
  for (const query of ['limit=', 'timeoutSeconds=']) {
    assert.is(await message(query), '400 strconv.ParseInt: parsing "": invalid syntax')
  }
})

test.run()
