import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { chartFromFiles } from '../../src/helmlike/chart/load.ts'
import { prepareRender } from './render-one.ts'

const data = JSON.parse(readFileSync(new URL('../data/helmlike/yaml-cases.json', import.meta.url), 'utf8')) as {
  read: string
  write: string
  cases: { y?: string; j?: string; o: string }[]
}
const metadata = 'apiVersion: v2\nname: c\nversion: 1.2.3\nappVersion: "9"\n'

// Random documents and values with what Helm 4.3 made of them.
test('YAML that a chart reads or writes is what Helm reads and writes', async () => {
  for (const c of data.cases) {
    const input: [string, string] = c.y === undefined ? ['j', c.j ?? ''] : ['y', c.y]
    const template = c.y === undefined ? data.write : data.read
    const files: [string, string][] = [['Chart.yaml', metadata], ['templates/t.txt', template], input]
    const result = await prepareRender(chartFromFiles(files.map(([name, text]) => ({ name, data: Buffer.from(text) }))), '')
    assert.is(result.error ?? result.output, c.o, JSON.stringify(input))
  }
})

test.run()
