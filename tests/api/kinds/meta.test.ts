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

test.run()
