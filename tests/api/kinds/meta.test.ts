import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { validateObjectMeta } from '../../../src/api/kinds/meta.ts'
import { atOnce } from '../../../src/apimachinery/steps.ts'

test('malformed managedFields are told of field by field', () => {
  const managedFields = [{ manager: 'a\n', operation: 'Merge' as 'Apply', fieldsType: 'X' as 'FieldsV1' }]
  const errors = atOnce(validateObjectMeta({ name: 'a', managedFields }, undefined, { namespaced: false }))
  assert.equal(
    errors.map((e) => e.field),
    ['operation', 'fieldsType', 'manager'].map((field) => `metadata.managedFields[0].${field}`),
  )
})

test('the start of a generated name gives two bytes away when it ends in a dash: half a letter is left of others than ASCII', () => {
  const fieldsOf = (generateName: string) => {
    const errors = atOnce(validateObjectMeta({ generateName, name: 'a' }, undefined, { namespaced: false }))
    return errors.map((e) => e.field)
  }
  assert.equal(fieldsOf('a-'), [])
  assert.equal(fieldsOf('A-'), [])
  assert.equal(fieldsOf('ü-'), ['metadata.generateName'])
  assert.equal(fieldsOf('-'), ['metadata.generateName'])
})

test.run()
