import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { chartFromFiles } from '../../src/helmlike/chart/load.ts'
import { prepareRender } from './render-one.ts'

interface Case {
  readonly t: string
  readonly o?: string
  readonly e?: string
}
const data = JSON.parse(readFileSync(new URL('../data/helmlike/template-cases.json', import.meta.url), 'utf8')) as {
  values: string
  files: { [name: string]: string }
  cases: Case[]
}

const metadata = 'apiVersion: v2\nname: c\nversion: 1.2.3\nappVersion: "9"\n'

// The results are those of Helm 4.3 (its engine package), one case a construct or function; errors are compared word for word.
for (const c of data.cases) {
  test(`renders as Helm does: ${c.t.slice(0, 100)}`, async () => {
    const files = Object.entries({ 'Chart.yaml': metadata, 'templates/t.txt': c.t, ...data.files })
    const chart = chartFromFiles(files.map(([name, text]) => ({ name, data: Buffer.from(text) })))
    const result = await prepareRender(chart, data.values)
    if (c.e === undefined) assert.is(result.error ?? result.output, c.o)
    else assert.is(result.error, c.e)
  })
}

test.run()
