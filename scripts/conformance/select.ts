import { readFileSync } from 'node:fs'

interface ConformanceTest {
  readonly class: string
  readonly name: string
}

const file = new URL('../../tests/data/conformance/tests.tsv', import.meta.url)

/** All tests of the suite, each with what it needs. */
export function allTests(): ConformanceTest[] {
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean)
  return lines.map((line) => {
    const tab = line.indexOf('\t')
    return { class: line.slice(0, tab), name: line.slice(tab + 1) }
  })
}

/** The tests of the classes named (all when none is) whose name matches `focus`. */
export function selected(
  tests: readonly ConformanceTest[],
  classes: readonly string[],
  focus: string | undefined,
): ConformanceTest[] {
  const unknown = classes.find((c) => !tests.some((t) => t.class === c))
  if (unknown) throw new Error(`--class ${unknown}: one of ${[...new Set(tests.map((t) => t.class))].join(', ')}`)
  const pattern = focus === undefined ? undefined : new RegExp(focus)
  return tests.filter((t) => (classes.length === 0 || classes.includes(t.class)) && (!pattern || pattern.test(t.name)))
}

/**
 * Shares the tests among `jobs` processes that run side by side; tests that must run alone ([Serial], [Disruptive]) are a share of their own,
 * run afterwards.
 */
export function shares(
  tests: readonly ConformanceTest[],
  jobs: number,
): { sideBySide: ConformanceTest[][]; alone: ConformanceTest[] } {
  const isAlone = (t: ConformanceTest) => /\[(Serial|Disruptive)\]/.test(t.name)
  const together = tests.filter((t) => !isAlone(t))
  const sideBySide = Array.from({ length: jobs }, (_, i) => together.filter((_, n) => n % jobs === i))
  return { sideBySide: sideBySide.filter((s) => s.length > 0), alone: tests.filter(isAlone) }
}

/** Ginkgo's --focus for exactly these tests: it matches the suite's name, a space and the test's. */
export function focusOf(tests: readonly ConformanceTest[]): string {
  return `(^| )(${tests.map((t) => t.name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})$`
}
