import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { definitionsOf, documentV2, partsV3 } from '../../../src/api/openapi/documents.ts'
import { inTurns, jsonMembers } from '../../../src/api/openapi/written.ts'
import { asking } from '../abuse/asking.ts'
import { longestTurn, mostTurnMs } from '../abuse/turns.ts'

const { ask, api } = await asking()
const all = [...api.core.registry.all()]

test('/openapi/v2 is the whole document, and nobody waits long while it is written', async () => {
  const whole = JSON.parse(JSON.stringify(documentV2(all, definitionsOf(all, 'v2'))))
  // Each writes it once.
  const servers = [ask, (await asking()).ask, (await asking()).ask]
  let text = ''
  const turn = await longestTurn(async () => {
    text = (await (servers.shift() ?? ask)('GET', '/openapi/v2')).text
  })
  assert.equal(JSON.parse(text), whole)
  assert.ok(turn < mostTurnMs, `a turn took ${turn} ms`)
})

test('/openapi/v3 of a version is its whole document, under the hash that the index names', async () => {
  const answer = await ask('GET', '/openapi/v3/apis/apps/v1')
  const { openapi, info, paths, schemas, securitySchemes } = partsV3(all, 'apis/apps/v1')
  const head = { openapi, info, paths: Object.fromEntries(paths) }
  const whole = { ...head, components: { schemas: Object.fromEntries(schemas), securitySchemes } }
  assert.equal(JSON.parse(answer.text), JSON.parse(JSON.stringify(whole)))
  const index = JSON.parse((await ask('GET', '/openapi/v3')).text)
  const { hash } = await inTurns([answer.text])
  assert.is(index.paths['apis/apps/v1'].serverRelativeURL, `/openapi/v3/apis/apps/v1?hash=${hash}`)
})

test('members that JSON has no word for are left out, as JSON.stringify does', () => {
  const write = (members: Record<string, unknown>) => [...jsonMembers(Object.entries(members))].join('')
  for (const members of [{}, { a: undefined }, { a: undefined, b: 1, 'c"': [null] }]) {
    assert.is(write(members), JSON.stringify(members))
  }
})

test.run()
