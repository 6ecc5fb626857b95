import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { atOnce } from '../../../src/apimachinery/steps.ts'
import { defaultDefinition } from '../../../src/crd/definition/defaults.ts'
import type { CustomResourceDefinition, DefinitionSpec } from '../../../src/crd/definition/definition.ts'
import { definitionErrors } from '../../../src/crd/definition/errors.ts'
import { formatWarnings, prepareCreate } from '../../../src/crd/definition/lifecycle.ts'
import { definitionNameRule } from '../../../src/crd/definition/name-errors.ts'

interface Recorded {
  readonly name: string
  readonly spec: DefinitionSpec
  readonly annotations?: Record<string, string>
  readonly code: number
  readonly stored?: DefinitionSpec
  readonly causes?: { reason: string; field: string; message: string }[]
  readonly warnings?: string[]
}

const recorded = JSON.parse(readFileSync('tests/data/crd/definitions.json', 'utf8')) as Recorded[]

function submit({ spec, annotations }: Recorded): CustomResourceDefinition {
  const group = /k8s\.io|kubernetes\.io/.test(spec.group ?? '') ? spec.group : 'g.example.com'
  const metadata = { name: `ws.${group}`, ...(annotations === undefined ? {} : { annotations }) }
  const given = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata, spec }
  return prepareCreate(defaultDefinition(given as CustomResourceDefinition))
}

/** The API server names types after the time of day, and visits properties in any order. */
const comparable = (texts: string[]): string[] => texts.map((text) => text.replace(/selfType\d+/g, 'selfType0')).sort()

for (const entry of recorded) {
  test(`definition: ${entry.name}`, () => {
    const definition = submit(entry)
    const name = definition.metadata.name ?? ''
    const problems = definitionNameRule(definition)(name)
    const named = problems.map((problem) => `FieldValueInvalid metadata.name: Invalid value: ${JSON.stringify(name)}: ${problem}`)
    const errors = atOnce(definitionErrors(definition)).map(({ type, field, message }) => `${type} ${field}: ${message}`)
    const expected = (entry.causes ?? []).map(({ reason, field, message }) => `${reason} ${field}: ${message}`)
    assert.equal(comparable([...named, ...errors]), comparable(expected))
    if (entry.stored !== undefined) assert.equal(definition.spec, entry.stored)
    const warnings = formatWarnings(definition).map((warning) => `299 - ${JSON.stringify(warning)}`)
    assert.equal(warnings, entry.warnings ?? [])
  })
}

test('a conversion has no webhook that says nothing', () => {
  const converted = (webhook: object) =>
    defaultDefinition({ spec: { conversion: { strategy: 'None', webhook } } } as unknown as CustomResourceDefinition).spec
      .conversion
  assert.equal(converted({}), { strategy: 'None' })
  assert.equal(converted({ conversionReviewVersions: [] }), { strategy: 'None' })
  assert.equal(converted({ conversionReviewVersions: ['v1'] }), {
    strategy: 'None',
    webhook: { conversionReviewVersions: ['v1'] },
  })
})

test.run()
