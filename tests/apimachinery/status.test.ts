import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { invalid, invalidObject } from '../../src/apimachinery/field-error.ts'
import { alreadyExists, conflict, forbidden, notFound } from '../../src/apimachinery/status.ts'

test('the name of an object is quoted as Go quotes text in every message', () => {
  const pods = { group: '', resource: 'pods' }
  const name = 'a\nb"'
  assert.is(notFound(pods, name).message, String.raw`pods "a\nb\"" not found`)
  assert.is(alreadyExists(pods, name).message, String.raw`pods "a\nb\"" already exists`)
  assert.is(conflict(pods, name, 'why').message, String.raw`Operation cannot be fulfilled on pods "a\nb\"": why`)
  assert.is(forbidden(pods, name, 'why').message, String.raw`pods "a\nb\"" is forbidden: why`)
  const error = invalidObject({ group: '', kind: 'Pod' }, name, [invalid('x', 'y', 'z')])
  assert.is(error.message, String.raw`Pod "a\nb\"" is invalid: x: Invalid value: "y": z`)
  assert.is(error.status.details?.name, name)
})

test.run()
