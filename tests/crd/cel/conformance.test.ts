import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Environment, environmentOf, extend, type Overload } from '../../../src/crd/cel/environment.ts'
import { equals, typeOfValue } from '../../../src/crd/cel/equality.ts'
import { LANGUAGE } from '../../../src/crd/cel/libraries.ts'
import { compileExpression, compileUnchecked, evaluate } from '../../../src/crd/cel/program.ts'
import type { CelType } from '../../../src/crd/cel/types.ts'
import { CelDouble, type Value } from '../../../src/crd/cel/values.ts'
import { type SpecTest, specTests, specValue, typeOfJson } from './conformance-suite.ts'

const language = environmentOf(LANGUAGE, { homogeneousLiterals: false, escapedNames: true })

function environmentFor(spec: SpecTest): Environment {
  const variables: Record<string, CelType> = {}
  const functions = new Map(language.functions)
  for (const declaration of spec.typeEnv) {
    const name = declaration.name as string
    const ident = declaration.ident as { type: Record<string, unknown> } | undefined
    if (ident !== undefined) variables[name] = typeOfJson(ident.type)
    const declared = declaration.function as { overloads: Record<string, unknown>[] } | undefined
    if (declared !== undefined) functions.set(name, declared.overloads.map(declaredOverload))
  }
  return extend({ ...language, functions }, { variables, container: spec.container })
}

function declaredOverload(json: Record<string, unknown>): Overload {
  return {
    id: json.overloadId as string,
    member: json.isInstanceFunction === true,
    params: ((json.params as Record<string, unknown>[] | undefined) ?? []).map(typeOfJson),
    result: typeOfJson(json.resultType as Record<string, unknown>),
    call: () => null,
  }
}

/** undefined when the test passes, else what is wrong. */
function outcome(spec: SpecTest): string | undefined {
  try {
    const environment = environmentFor(spec)
    const program = spec.disableCheck ? compileUnchecked(spec.expr, environment) : compileExpression(spec.expr, environment)
    if (spec.deducedType !== undefined) {
      const wanted = String(typeOfJson(spec.deducedType))
      if (String(program.type) !== wanted) return `type ${program.type} instead of ${wanted}`
    }
    if (spec.checkOnly) return undefined
    const bindings = Object.fromEntries(
      Object.entries(spec.bindings).map(([name, { value }]) => [name, specValue(value) as Value]),
    )
    const { value } = evaluate(program, bindings)
    if (spec.fails) return 'did not fail'
    const wanted = spec.value === undefined ? true : specValue(spec.value)
    if (wanted === undefined) return 'cannot read the expected value'
    return same(value, wanted) ? undefined : `got ${show(value)}, wanted ${show(wanted)}`
  } catch (error) {
    return spec.fails ? undefined : `failed: ${(error as Error).message}`
  }
}

const isNaNValue = (value: Value): boolean => value instanceof CelDouble && Number.isNaN(value.value)

const same = (a: Value, b: Value): boolean =>
  (isNaNValue(a) && isNaNValue(b)) || (typeOfValue(a).name === typeOfValue(b).name && equals(a, b))

const show = (value: Value): string => JSON.stringify(value, (_key, part) => (typeof part === 'bigint' ? String(part) : part))

test('at least 99 % of the applicable tests of the CEL specification pass', () => {
  const { applicable, leftOut } = specTests()
  const failures = applicable.flatMap((spec) => {
    const wrong = outcome(spec)
    return wrong === undefined ? [] : [`${spec.path}/${spec.name}: ${spec.expr}\n    ${wrong}`]
  })
  const skipped = Object.values(leftOut).reduce((sum, count) => sum + count, 0)
  console.log(
    `cel-spec: ${applicable.length - failures.length} of ${applicable.length} pass; left out (protobuf, other extensions): ${skipped}`,
  )
  if (process.env.CEL_SPEC_FAILURES !== undefined || failures.length > applicable.length / 100) console.log(failures.join('\n'))
  assert.ok(failures.length <= applicable.length / 100, `${failures.length} of ${applicable.length} fail`)
  assert.ok(applicable.length > 1300)
})

test.run()
