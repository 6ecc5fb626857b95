import { StatusError } from '../../apimachinery/status.ts'
import type { Client } from '../../client/client.ts'
import type { Application } from '../application/application.ts'
import type { Repositories } from '../git/repositories.ts'
import { type Manifest, ManifestError, describe as named } from '../render/manifest.ts'
import { type CommittedCode, codeAt } from './code.ts'
import type { Described, Loaded } from './messages.ts'
import type { OperatorObject } from './operator-object.ts'
import { planPackages } from './package-plan.ts'
import type { Packages } from './packages.ts'
import { requireMayRegister } from './registration.ts'
import { requireMayGrant, rulesFor } from './rights.ts'

export interface JudgeOptions {
  readonly repositories: Repositories
  /** Acts as whoever pushes. */
  readonly pusher: Client
  readonly describeModule: (loaded: Loaded) => Promise<Described>
  readonly packages: Packages
  /** A line for whoever pushes. */
  readonly print: (line: string) => void
}

/** What is wrong with the Operators of a commit: a module that is missing or cannot be loaded, rights that the pusher could not give. */
export async function operatorProblems(
  options: JudgeOptions,
  app: Application,
  commit: string,
  manifests: readonly Manifest[],
): Promise<ManifestError[]> {
  const operators = manifests.filter(({ object }) => object.kind === 'Operator' && object.apiVersion?.startsWith('slipway.dev/'))
  if (operators.length === 0) return []
  const committed = await codeAt(options.repositories, app, commit)
  const problems: ManifestError[] = []
  for (const manifest of operators) {
    const problem = await problemOf(options, app, committed, manifest)
    if (problem) problems.push(problem)
  }
  return problems
}

async function problemOf(options: JudgeOptions, app: Application, committed: CommittedCode, manifest: Manifest) {
  const { object, placeOf } = manifest
  const { module = '' } = (object.spec ?? {}) as Partial<OperatorObject['spec']>
  const at = (field: string, message: string, hint?: string) =>
    new ManifestError(`${named(object)}: ${field}: ${message}`, placeOf(field), hint)
  const { pusher, describeModule } = options
  const { code } = committed
  if (code[module] === undefined)
    return at('spec.module', `the commit has no ${module}`, 'paths begin at the source path of the Application')
  let described: Described
  try {
    described = await describeModule({ code, module, packages: await packagesFor(options, committed, module) })
  } catch (error) {
    return at('spec.module', (error as Error).message)
  }
  const namespace = object.metadata.namespace ?? app.spec.destination.namespace ?? 'default'
  const placed = { ...object, metadata: { ...object.metadata, namespace } } as unknown as OperatorObject
  try {
    await requireMayGrant(pusher, placed, rulesFor(placed, described))
    await requireMayRegister(pusher, placed, described)
  } catch (error) {
    if (!(error instanceof StatusError) || ![403, 422].includes(error.code)) throw error
    if (error.code === 422) return at('spec.module', `the API refuses what it needs: ${error.message}`)
    return at('spec.module', `you may not give the rights that it needs: ${error.message}`)
  }
  return undefined
}

/** The folder with the packages of a module, made now when it is not there; undefined when it imports none. Throws PackagesError. */
async function packagesFor(
  { packages, print }: JudgeOptions,
  { files, source }: CommittedCode,
  module: string,
): Promise<string | undefined> {
  const plan = await planPackages(files, module)
  if (!plan) return undefined
  const preparing = packages.prepare(plan, source)
  if (plan.kind === 'locked' && !packages.isReady(plan))
    print(
      `Slipway: installing ${plan.count} package${plan.count === 1 ? '' : 's'} of ${plan.folder}package-lock.json for ${module} …`,
    )
  return preparing
}
