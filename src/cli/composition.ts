import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { systemClock } from '../apimachinery/clock.ts'
import { RestMapper } from '../client/rest-mapper.ts'
import { compileComposition } from '../compositions/compile.ts'
import { type Composition, compositions } from '../compositions/composition.ts'
import { KindSchemas } from '../compositions/kind-schemas.ts'
import { startCompositions } from '../compositions/start.ts'
import { compileSchema } from '../crd/schema/compiled.ts'
import { stderrLog } from '../operators/log.ts'
import { type Manifest, ManifestError } from '../sync/render/manifest.ts'
import { parseManifests } from '../sync/render/yaml-manifests.ts'
import { connectionHelp, connectionOptions, connectTo } from './assembly/connection.ts'
import { stopSignal } from './assembly/machine/stop-signal.ts'
import { webhooksFor } from './assembly/webhook-address.ts'

const help = `slipway composition: kinds made of other kinds, without a program

  slipway composition check FILE …   says what is wrong with Compositions, by the kinds of a cluster, with file and line
  slipway composition run            serves Compositions on a cluster that is no Slipway, until Ctrl-C; \`slipway up\` serves them anyway

  -v, --verbose       log more
${connectionHelp}
Examples:
  slipway composition check webapp.yaml
  slipway composition run --kubeconfig ~/.kube/config
`

/** `slipway composition`. */
export async function run(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: { ...connectionOptions, verbose: { type: 'boolean', short: 'v' }, help: { type: 'boolean', short: 'h' } },
  })
  const [verb, ...files] = positionals
  if (values.help || !(verb === 'run' || (verb === 'check' && files.length > 0))) {
    process.stdout.write(help)
    return values.help ? 0 : 2
  }
  const { client, server } = await connectTo(values)
  if (verb === 'check') {
    const kinds = new KindSchemas(client, new RestMapper(client))
    const problems = (await Promise.all(files.map((file) => check(file, kinds)))).flat()
    for (const problem of problems) process.stderr.write(`${problem.message}\n`)
    return problems.length > 0 ? 1 : 0
  }
  const signal = stopSignal()
  const log = stderrLog(values.verbose ? 'info' : 'warn')
  const webhooks = webhooksFor(server, undefined, [], () => {})
  const { stopped } = await startCompositions({ client, clock: systemClock, log, signal, webhooks, election: true })
  process.stderr.write(`serving Compositions of ${server}\n`)
  await stopped
  return 0
}

async function check(file: string, kinds: KindSchemas): Promise<ManifestError[]> {
  const manifests = parseManifests(file, await readFile(file, 'utf8'))
  const found = manifests.filter(({ object }) => object.kind === 'Composition' && object.apiVersion?.startsWith('slipway.dev/'))
  if (found.length === 0) return [new ManifestError('there is no Composition here', { file, line: 1, column: 1 })]
  return (await Promise.all(found.map((manifest) => problemsOf(manifest, kinds)))).flat()
}

async function problemsOf({ object, placeOf }: Manifest, kinds: KindSchemas): Promise<ManifestError[]> {
  const schema = compileSchema(compositions.definition.spec.versions?.[0]?.schema?.openAPIV3Schema ?? {})
  // As the API would read it: with defaults.
  const composition = schema.default(object as never) as unknown as Composition
  const compiled = await compileComposition(composition, kinds)
  if (!('problems' in compiled)) return []
  return compiled.problems.map((p) => new ManifestError(`${p.field}: ${p.message}`, placeOf(p.field)))
}
