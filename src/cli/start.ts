// The command line: which verb, and what an error looks like.

/** Each verb is a file of this folder with `run(argv)`; it is loaded when it is asked for, so that every verb starts quickly. */
const verbs: Readonly<
  Record<string, { readonly about: string; readonly load: () => Promise<{ run(argv: string[]): Promise<number> }> }>
> = {
  up: { about: 'start everything: API, Git server, controllers, scheduler, nodes, network', load: () => import('./up.ts') },
  down: { about: 'stop a running Slipway; with --purge remove everything it made', load: () => import('./down.ts') },
  status: { about: 'what runs, and how it is', load: () => import('./status.ts') },
  kubeconfig: { about: 'print credentials for kubectl, or merge them into a file', load: () => import('./kubeconfig.ts') },
  repo: { about: 'list, create and delete repositories of the Git server', load: () => import('./repo.ts') },
  diff: { about: 'what a push of a folder would change', load: () => import('./diff.ts') },
  logs: { about: 'the logs of an application, a workload or a pod', load: () => import('./logs.ts') },
  get: { about: 'objects as they are, or as they were at a revision or time', load: () => import('./get.ts') },
  history: { about: 'who changed an object, when, and what', load: () => import('./history.ts') },
  backup: { about: 'everything in one file, as of one moment', load: () => import('./backup.ts') },
  restore: { about: 'a data directory from a backup', load: () => import('./restore.ts') },
  chart: { about: 'work with Helm charts', load: () => import('./chart.ts') },
  dev: {
    about: 'what is saved is what runs: operators and manifests, before they are committed',
    load: () => import('./dev.ts'),
  },
  operator: { about: 'write, run, test and ship operators', load: () => import('./operator.ts') },
  composition: { about: 'check Compositions, or serve them on another cluster', load: () => import('./composition.ts') },
  types: { about: 'TypeScript from CustomResourceDefinitions, and the other way round', load: () => import('./types.ts') },
  apiserver: { about: 'run the Kubernetes API alone', load: () => import('./apiserver.ts') },
  completion: { about: 'completion of these words in bash, zsh, fish or PowerShell', load: () => import('./completion.ts') },
  version: { about: 'print the version', load: () => import('./version.ts') },
}

function usage(): string {
  const rows = Object.entries(verbs).map(([name, { about }]) => `  ${name.padEnd(12)}${about}`)
  const example =
    'Examples:\n  slipway up                     start, with one node\n  slipway up --nodes 2 --demo    two nodes and the bundled example'
  return `Push to Git, and the containers run.\n\nUsage: slipway <verb> [options]\n\n${rows.join('\n')}\n\n${example}\n\nslipway <verb> --help tells more.\n`
}

/** What each verb is about. */
export const aboutVerbs = (): { readonly [verb: string]: string } =>
  Object.fromEntries(Object.entries(verbs).map(([name, { about }]) => [name, about]))

/** Runs the verb that `argv` names; the exit status. */
export async function main(argv: readonly string[]): Promise<number> {
  const [name = '', ...rest] = argv
  if (name === '' || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(usage())
    return 0
  }
  const verb = Object.hasOwn(verbs, name === '--version' ? 'version' : name)
    ? verbs[name === '--version' ? 'version' : name]
    : undefined
  if (!verb) {
    process.stderr.write(`slipway: there is no verb "${name}"; slipway --help lists them\n`)
    return 2
  }
  const { run } = await verb.load()
  return run(rest)
}

/** Runs `argv` as the whole process: its exit status is the verb's. */
export function start(argv: readonly string[]): void {
  main(argv).then(
    (status) => {
      process.exitCode = status
      // Its output is written: no need to tear down a heap, nor to wait for idle connections.
      if (argv[0] === 'chart') process.exit()
    },
    (error: unknown) => {
      const isUsage = error instanceof TypeError && (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS')
      process.stderr.write(
        `slipway: ${error instanceof Error ? (process.env.SLIPWAY_DEBUG ? error.stack : error.message) : error}\n`,
      )
      // Parts of a verb that failed half way may still run.
      process.exit(isUsage ? 2 : 1)
    },
  )
}
