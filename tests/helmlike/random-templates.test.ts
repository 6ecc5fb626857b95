import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadChart } from '../../src/helmlike/chart/load.ts'
import { render } from '../../src/helmlike/render/render.ts'
import { parseYaml } from '../../src/helmlike/yaml/parse.ts'
import { randomTemplate, VALUES } from './random-templates.ts'

/** Real Helm, as scripts/setup takes it from an npm package; another by $HELM. */
const helm = process.env.HELM ?? join(import.meta.dirname, '../../.slipway/bin/helm')
const SEED = Number(process.env.SEED ?? 1)
const ROUNDS = 3
const TEXTS = 30
const release = { name: 'rel', namespace: 'default', revision: 1, isUpgrade: false }

/** A chart of one object whose values are the outputs of the texts, as JSON. */
function write(folder: string, texts: ReadonlyMap<string, string>): void {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(join(folder, 'templates'), { recursive: true })
  writeFileSync(join(folder, 'Chart.yaml'), 'apiVersion: v2\nname: c\nversion: 1.2.3\n')
  writeFileSync(join(folder, 'values.yaml'), VALUES)
  const lines: string[] = []
  for (const [name, text] of texts) {
    // Each has templates and values of its own.
    writeFileSync(
      join(folder, `templates/_${name}.tpl`),
      `{{define "${name}"}}${text.replaceAll('"t"', `"t${name}"`)}{{end}}`.replace(
        /^({{define "\w+"}})({{define .*?{{end}})/,
        '$2$1',
      ),
    )
    lines.push(`${name}: {{ include "${name}" (deepCopy $) | toJson }}`)
  }
  writeFileSync(join(folder, 'templates/all.yaml'), lines.join('\n'))
}

type Outcome = { readonly outputs: unknown } | { readonly error: string }

function byHelm(folder: string): Outcome {
  try {
    const text = execFileSync(helm, ['template', 'rel', folder], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    return { outputs: parseYaml(text) }
  } catch (e) {
    return { error: String((e as { stderr: string }).stderr) }
  }
}

async function byUs(folder: string): Promise<Outcome> {
  try {
    const { manifests } = await render(loadChart(folder), new Map(), { release })
    return { outputs: parseYaml(manifests[0]?.content ?? '') }
  } catch (e) {
    return { error: (e as Error).message }
  }
}

/** The text in which an error arose: `fail` and `required` name only the line that included it. */
const guilty = (error: string, names: Iterable<string>): string | undefined =>
  /_(t\d+)\.tpl/.exec(error)?.[1] ?? [...names][Number(/all\.yaml:(\d+)/.exec(error)?.[1]) - 1]

for (let round = 0; round < ROUNDS; round++) {
  const first = SEED * 100_000 + round * TEXTS
  test(`random templates come out as with real Helm: seeds ${first} to ${first + TEXTS - 1}`, async () => {
    if (!existsSync(helm)) return
    const texts = new Map(Array.from({ length: TEXTS }, (_, i) => [`t${first + i}`, randomTemplate(first + i)]))
    const folder = join(mkdtempSync(join(tmpdir(), 'random-templates-')), 'c')
    // A text that fails hides the others: it must fail with us too, and then leaves.
    for (;;) {
      write(folder, texts)
      const [want, got] = [byHelm(folder), await byUs(folder)]
      if (!('error' in want)) {
        assert.equal(got, want)
        break
      }
      const name = guilty(want.error, texts.keys())
      assert.ok(name, want.error)
      write(folder, new Map([[name, texts.get(name) as string]]))
      // Helm grows functions from release to release: this one need not know all of ours.
      const isUnknown = /function "\w+" not defined/.test(want.error)
      assert.ok(isUnknown || 'error' in (await byUs(folder)), `${texts.get(name)}: Helm says ${want.error}`)
      texts.delete(name)
    }
    rmSync(join(folder, '..'), { recursive: true })
  })
}

test.run()
