import { parseArgs } from 'node:util'
import { jsonText } from '../apimachinery/json.ts'
import { RestMapper } from '../client/rest-mapper.ts'
import { applications, controlNamespace, trackingName } from '../sync/application/application.ts'
import { inventoryOf } from '../sync/application/status.ts'
import { type PlannedChange, PlanRefused, plan } from '../sync/plan/plan.ts'
import { planSummary, planText } from '../sync/plan/plan-text.ts'
import { chartRenderer } from '../sync/render/chart.ts'
import { ManifestError } from '../sync/render/manifest.ts'
import { render } from '../sync/render/render.ts'
import { connect, connectionHelp, connectionOptions } from './assembly/connection.ts'
import { localFiles } from './assembly/local-files.ts'

const help = `slipway diff: what a push of a folder would change, without pushing it

  slipway diff [FOLDER]        default: this folder

  --app NAME          the Application it belongs to: what it no longer has would be deleted
  -n, --namespace NS  for manifests that name none; default: the Application's, else default
${connectionHelp}  -o json             for programs

Exits 0 when nothing would change, 1 when something would, 2 when a manifest is refused.

Examples:
  slipway diff
  slipway diff deploy/ --app demo
`

/** `slipway diff`. */
export async function run(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      ...connectionOptions,
      app: { type: 'string' },
      namespace: { type: 'string', short: 'n' },
      output: { type: 'string', short: 'o' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) {
    process.stdout.write(help)
    return 0
  }
  const client = await connect(values)
  const app = values.app ? await client.get(applications, values.app, { namespace: controlNamespace }) : undefined
  const namespace = values.namespace ?? app?.spec.destination.namespace ?? 'default'
  try {
    const files = await localFiles(positionals[0] ?? '.')
    const manifests = await render(
      files,
      chartRenderer({ release: app?.metadata.name ?? 'release', namespace, helm: app?.spec.source?.helm }),
    )
    const application = app ? trackingName(app) : 'diff'
    const found = await plan({
      client,
      mapper: new RestMapper(client),
      application,
      namespace,
      manifests,
      inventory: app ? inventoryOf(app) : [],
      prune: app !== undefined,
    })
    const changes = found.changes.filter((c) => c.action !== 'keep')
    if (values.output === 'json') process.stdout.write(`${jsonText(changes.map(rowOf))}\n`)
    else process.stdout.write(`${[planSummary(found), ...planText(found, namespace)].join('\n')}\n`)
    return changes.length > 0 ? 1 : 0
  } catch (error) {
    if (!(error instanceof PlanRefused || error instanceof ManifestError)) throw error
    process.stderr.write(`${error.message}\n`)
    return 2
  }
}

/** A change for programs. What is in a Secret is not shown. */
const rowOf = ({ action, object, fields }: PlannedChange) => ({
  action,
  kind: object.kind,
  namespace: object.metadata.namespace,
  name: object.metadata.name,
  fields: object.kind === 'Secret' ? fields.map((f) => f.field) : fields,
})
