import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { resultsIn, table } from '../../scripts/conformance/report.ts'
import { allTests, focusOf, selected, shares } from '../../scripts/conformance/select.ts'

test('the suite has 446 tests, 108 of which judge the API alone and 41 the API with its controllers', () => {
  const tests = allTests()
  assert.is(tests.length, 446)
  assert.is(selected(tests, ['API'], undefined).length, 108)
  assert.is(selected(tests, ['API+CTRL'], undefined).length, 41)
})

test('a class that is not there is refused with those that are', () => {
  assert.throws(() => selected(allTests(), ['APIS'], undefined), /--class APIS: one of .*API\+CTRL/)
})

test('tests that must run alone are not shared out', () => {
  const { sideBySide, alone } = shares(selected(allTests(), ['API+CTRL'], 'Namespaces|Aggregated|quota'), 2)
  assert.ok(alone.every((t) => /\[Serial\]/.test(t.name)))
  assert.ok(sideBySide.flat().every((t) => !/\[Serial\]/.test(t.name)))
  assert.ok(alone.length > 0)
})

test('the focus of some tests matches them and no other', () => {
  const tests = allTests()
  const chosen = tests.slice(10, 20)
  const focus = new RegExp(focusOf(chosen))
  assert.equal(
    tests.filter((t) => focus.test(`Kubernetes e2e suite ${t.name}`)).map((t) => t.name),
    chosen.map((t) => t.name),
  )
})

test('a report is read without the specs that were not chosen, and failures come last with where they happened', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-report-'))
  const spec = (text: string, State: string, Failure?: object) => ({
    ContainerHierarchyTexts: ['[sig-x]'],
    LeafNodeType: 'It',
    LeafNodeText: text,
    State,
    RunTime: 1.5e9,
    ...(Failure ? { Failure } : {}),
  })
  const location = { FileName: '/go/test/e2e/x.go', LineNumber: 7 }
  const specs = [spec('b', 'failed', { Message: 'no', Location: location }), spec('a', 'passed'), spec('c', 'skipped')]
  writeFileSync(join(folder, 'r.json'), JSON.stringify([{ SpecReports: specs }]))
  const results = resultsIn(join(folder, 'r.json'))
  rmSync(folder, { recursive: true })
  assert.equal(table(results).split('\n'), [
    'PASSED      1.5 s  [sig-x] a',
    'FAILED      1.5 s  [sig-x] b',
    '          no',
    '          at test/e2e/x.go:7',
    '',
    '1 passed, 1 failed, 0 skipped',
  ])
})

test.run()
