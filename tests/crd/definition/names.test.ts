import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { acceptNames, takenNames } from '../../../src/crd/definition/names.ts'

const names = { plural: 'bars', singular: 'bar', kind: 'Bar', listKind: 'BarList' }
const now = '2026-01-01T00:00:00Z'
const accepted = {
  type: 'NamesAccepted',
  status: 'True',
  reason: 'NoConflicts',
  message: 'no conflicts found',
  lastTransitionTime: now,
}

const definition = (acceptedNames: object | undefined, conditions: readonly object[]) =>
  ({ metadata: { name: 'bars.e.com' }, spec: { group: 'e.com', names }, status: { acceptedNames, conditions } }) as never

const conditionsOf = (given: ReturnType<typeof definition>) =>
  acceptNames(given, takenNames([given], 'e.com'), now).conditions?.map(
    ({ type, status, reason }) => `${type}=${status} ${reason}`,
  )

test('names that are not granted yet are, and the definition is established', () => {
  assert.equal(conditionsOf(definition(undefined, [])), [
    'NamesAccepted=True NoConflicts',
    'Established=True InitialNamesAccepted',
  ])
})

test('conditions that somebody took away stay away while the names are granted', () => {
  assert.equal(conditionsOf(definition({ ...names, shortNames: [] }, [])), [])
  const mine = { type: 'Established', status: 'False', reason: 'Mine', message: '' }
  assert.equal(conditionsOf(definition(names, [mine])), ['Established=False Mine'])
})

test('accepted names establish a definition again', () => {
  const mine = { type: 'Established', status: 'False', reason: 'Mine', message: '' }
  assert.equal(conditionsOf(definition(names, [accepted, mine])), [
    'NamesAccepted=True NoConflicts',
    'Established=True InitialNamesAccepted',
  ])
})

test('a definition whose webhook has no authority that can be read is not established before it has', () => {
  const given = (caBundle: string) => {
    const { metadata, spec, status } = definition(undefined, []) as unknown as Record<string, object>
    const conversion = { strategy: 'Webhook', webhook: { clientConfig: { url: 'https://a', caBundle } } }
    return { metadata, spec: { ...spec, conversion }, status } as unknown as ReturnType<typeof definition>
  }
  const newline = Buffer.from('\n').toString('base64')
  assert.equal(conditionsOf(given(newline)), ['NamesAccepted=True NoConflicts', 'Established=False InvalidCABundle'])
  assert.equal(conditionsOf(given('')), ['NamesAccepted=True NoConflicts', 'Established=True InitialNamesAccepted'])
})

test.run()
