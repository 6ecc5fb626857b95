import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readArchive } from '../../src/helmlike/chart/archive.ts'
import type { ChartFile } from '../../src/helmlike/chart/chart.ts'
import { chartFromFiles, loadChart } from '../../src/helmlike/chart/load.ts'
import { readValues } from '../../src/helmlike/chart/read-values.ts'
import { SET, setValues } from '../../src/helmlike/chart/set-values.ts'
import type { ValueMap } from '../../src/helmlike/gotemplate/value.ts'
import { render } from '../../src/helmlike/render/render.ts'
import { toPlain } from '../../src/helmlike/yaml/json.ts'

const LIMIT_MS = 2000
const file = (name: string, text: string): ChartFile => ({ name, data: Buffer.from(text) })
const metadata = file('Chart.yaml', 'apiVersion: v2\nname: c\nversion: 1.0.0\n')
const release = { name: 'r', namespace: 'n', revision: 1, isUpgrade: false }

/** The message of what the template fails with, and that it does so in time. */
async function failure(template: string, values: ValueMap = new Map()): Promise<string> {
  const started = process.cpuUsage()
  const chart = chartFromFiles([metadata, file('templates/t.yaml', template)])
  try {
    await render(chart, values, { release })
  } catch (e) {
    // Processor time: how long it takes by the clock depends on what else the machine does.
    const { user, system } = process.cpuUsage(started)
    assert.ok((user + system) / 1000 < LIMIT_MS, `took ${Math.round((user + system) / 1000)} ms of processor time`)
    return (e as Error).message
  }
  return 'no error'
}

test('a template that includes itself for ever ends in an error that names it', async () => {
  assert.match(
    await failure('{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}'),
    /nested reference name: a|too deeply/,
  )
})
test('a template that calls itself with {{template}} for ever ends in an error', async () => {
  assert.match(
    await failure('{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}'),
    /too deeply|maximum template depth/,
  )
})
test('tpl that calls tpl for ever ends in an error', async () => {
  assert.match(await failure('{{ tpl .Values.t . }}', new Map([['t', '{{ tpl .Values.t . }}']])), /too deeply/)
})
test('a huge sequence is refused before it is made', async () => {
  assert.match(await failure('{{ range until 2000000000 }}x{{ end }}'), /sequence of more than/)
})
test('a loop over a huge integer is cut off', async () => {
  assert.match(await failure('{{ range 99999999999 }}{{ end }}'), /more than \d+ steps/)
})
test('nested loops are cut off', async () => {
  assert.match(await failure('{{ range 100000 }}{{ range 100000 }}x{{ end }}{{ end }}'), /more than \d+ steps/)
})
test('a string that doubles itself is cut off', async () => {
  assert.match(
    await failure('{{ $s := "xxxxxxxxxxxxxxxx" }}{{ range 60 }}{{ $s = print $s $s }}{{ end }}{{ $s }}'),
    /grows beyond/,
  )
})
test('repeat of a huge count is refused', async () => {
  assert.match(await failure('{{ repeat 999999999999 "ab" }}'), /longer than/)
})
test('a regular expression that would backtrack for ever answers at once', async () => {
  const values = new Map([['s', `${'a'.repeat(50_000)}!`]])
  assert.match(await failure('{{ if regexMatch "^(a+)+$" .Values.s }}x{{ end }}{{ fail "done" }}', values), /done/)
  assert.match(await failure('{{ if regexMatch "^a*a*a*a*a*b$" .Values.s }}x{{ end }}{{ fail "done" }}', values), /done/)
})
test('a printf width of a billion is not obeyed', async () => {
  assert.match(await failure('{{ printf "%1000000000d" 1 | len }}{{ fail "done" }}'), /done/)
})
test('a YAML document that multiplies itself by aliases is refused', () => {
  let text = 'a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n'
  for (let i = 1; i < 12; i++)
    text += `a${i}: &a${i} [${Array(10)
      .fill(`*a${i - 1}`)
      .join(', ')}]\n`
  assert.throws(() => readValues(text, 'values.yaml'), /excessive aliasing/)
})
test('YAML nested without end is refused', () => {
  assert.throws(() => readValues(`a: ${'['.repeat(100_000)}`, 'values.yaml'), /max depth/)
  assert.throws(
    () => readValues(Array.from({ length: 5000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'), 'values.yaml'),
    /max depth/,
  )
})

/** A tar with one file of this name, or of this size in zeros. */
function tar(name: string, size = 5): Buffer {
  const header = Buffer.alloc(512)
  header.write(name)
  header.write(`0000644\x000000000\x000000000\x00${size.toString(8).padStart(11, '0')}\x0000000000000\x00`, 100, 'latin1')
  header.write('0', 156)
  return Buffer.concat([header, Buffer.alloc(Math.ceil(size / 512) * 512), Buffer.alloc(1024)])
}
test('an archive whose paths leave the chart is refused', () => {
  assert.throws(() => readArchive(gzipSync(tar('c/../../etc/passwd'))), /references parent directory/)
  assert.throws(() => readArchive(gzipSync(tar('c//etc/passwd'))), /absolute paths/)
  assert.throws(() => readArchive(gzipSync(tar('Chart.yaml'))), /outside the base|not in base directory/)
})
test('an archive that unpacks to more than a chart may have is refused without unpacking it', () => {
  const bomb = gzipSync(Buffer.alloc(130 << 20), { level: 1 })
  const started = performance.now()
  assert.throws(() => readArchive(bomb), /larger than the maximum size/)
  assert.ok(performance.now() - started < LIMIT_MS)
})
test('.Files gives nothing that is not in the chart', async () => {
  for (const path of ['../../../../etc/passwd', '/etc/passwd', 'templates/../../x', 'Chart.yaml']) {
    const text = `a: "{{ .Files.Get "${path}" }}{{ range $p, $_ := .Files.Glob "../**" }}{{ $p }}{{ end }}"`
    const { manifests } = await render(chartFromFiles([metadata, file('templates/t.yaml', text)]), new Map(), { release })
    assert.is(manifests[0]?.content.trim(), 'a: ""')
  }
})

test('a damaged archive is an error', () => {
  assert.throws(() => readArchive(Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3])), /gzip/)
  assert.throws(() => readArchive(gzipSync(tar('c/x', 5000).subarray(0, 1024))), /unexpected EOF/)
})
test('a symbolic link that leads in a circle is an error', () => {
  const folder = mkdtempSync(join(tmpdir(), 'chart-'))
  try {
    writeFileSync(join(folder, 'Chart.yaml'), metadata.data)
    mkdirSync(join(folder, 'templates'))
    symlinkSync(folder, join(folder, 'templates', 'loop'))
    assert.throws(() => loadChart(folder), /leads in a circle/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
test('keys named __proto__ and constructor are keys like any other', async () => {
  const values = readValues('__proto__: {polluted: true}\nconstructor: {prototype: {polluted: true}}\n', 'values.yaml')
  setValues('__proto__.polluted=true,a.__proto__.b=1', values, SET)
  assert.is(({} as { polluted?: boolean }).polluted, undefined)
  assert.is((toPlain(values) as { polluted?: boolean }).polluted, undefined)
  assert.match(await failure('{{ fail (printf "%v" .Values.a) }}', values), /map\[__proto__:map\[b:1\]\]/)
  assert.match(await failure('{{ fail (printf "%v|%v" .Values.toString .Release.hasOwnProperty) }}'), /<nil>\|<nil>/)
})

test.run()
