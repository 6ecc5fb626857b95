// What `slipway chart VERB --help` says: how the verb is used, its flags, examples.

const VALUES = `  -f, --values FILE             values, may be repeated; - is standard input
      --set, --set-string, --set-json, --set-file, --set-literal KEY=VALUE
`
const WHERE = `      --version RANGE           which version; --devel takes unfinished ones, too
      --repo URL                a repository for a bare name
      --username, --password, --pass-credentials, --ca-file, --cert-file, --key-file, --insecure-skip-tls-verify, --plain-http
`
const CLUSTER = `  -n, --namespace NAME          default: that of the kubeconfig's context
      --kubeconfig FILE, --kube-context NAME
      --kube-apiserver URL, --kube-token, --kube-ca-file, --kube-as-user, --kube-as-group,
      --kube-tls-server-name, --kube-insecure-skip-tls-verify
`
const CHANGE = `      --wait, --wait-for-jobs   until all is ready; --timeout 5m
      --dry-run[=client|server] change nothing; server: let the server check it, too
      --server-side[=false|auto], --force-conflicts
      --force-replace           replace objects instead of merging into them
      --no-hooks, --description TEXT
`
const UNDO = `      --rollback-on-failure     undo what failed (--atomic)
`
const CLEANUP = `      --cleanup-on-fail         delete what a change that failed made anew
      --history-max N
`
const SHOWN = `  -l, --labels KEY=VALUE,…      labels of the release, for list --selector
      --hide-notes, --hide-secret (of a dry run)
`
const RENDER = `      --skip-schema-validation, --render-subchart-notes, --post-renderer PROGRAM, --post-renderer-args ARG
`
const OUTPUT = '  -o, --output table|json|yaml\n'

interface Help {
  readonly usage: string
  readonly flags: string
  readonly examples: readonly string[]
}

const HELP: { readonly [verb: string]: Help } = {
  template: {
    usage: 'template [NAME] CHART',
    flags: `  -n, --namespace NAME          namespace of the release (default)
${VALUES}${WHERE}      --kube-version V          Kubernetes version to render for
  -a, --api-versions LIST       further API versions the cluster has
      --include-crds            print the chart's crds/, too
      --no-hooks, --skip-tests, --is-upgrade
  -s, --show-only PATH          only what these templates made, may be repeated
      --output-dir FOLDER       a file per template instead of one stream
      --notes                   print NOTES.txt to standard error
      --name-template TEXT      the name by a template; --release-name: also as a folder of --output-dir
      --dependency-update       fill charts/ first
${RENDER}`,
    examples: [
      'template web ./charts/web -f prod.yaml',
      'template db oci://registry.example.com/charts/db --version ^2.0.0',
      'template web ./web -s templates/service.yaml',
    ],
  },
  lint: {
    usage: 'lint CHART…',
    flags: `${VALUES}      --strict                  warnings fail, too\n      --quiet, --skip-schema-validation\n`,
    examples: ['lint ./charts/web --strict'],
  },
  create: { usage: 'create NAME', flags: '', examples: ['create ./charts/web'] },
  show: {
    usage: 'show all|chart|values|readme|crds CHART',
    flags: WHERE,
    examples: ['show values ./charts/web', 'show crds prom/kube-prometheus-stack'],
  },
  package: {
    usage: 'package CHART…',
    flags: `  -d, --destination FOLDER
      --version V, --app-version V
  -u, --dependency-update
      --sign, --key NAME, --keyring FILE, --passphrase-file FILE
`,
    examples: ['package ./charts/web -d out', 'package ./charts/web --sign --key me@example.com --keyring ~/.gnupg/secring.gpg'],
  },
  verify: {
    usage: 'verify FILE',
    flags: '      --keyring FILE            exported keys, or a keybox of gpg\n',
    examples: ['verify web-1.0.0.tgz --keyring pubring.gpg'],
  },
  dependency: {
    usage: 'dependency build|update|list [CHART]',
    flags: OUTPUT,
    examples: ['dependency update ./charts/web', 'dependency list ./charts/web -o json'],
  },
  repo: {
    usage: 'repo add NAME URL | list | update [NAME…] | remove NAME… | index [FOLDER]',
    flags: `${WHERE}      --url URL, --merge FILE   for index\n${OUTPUT}`,
    examples: ['repo add bitnami https://charts.bitnami.com/bitnami', 'repo index out --url https://example.com/charts'],
  },
  search: {
    usage: 'search [repo] WORD…',
    flags: `  -l, --versions                all versions\n${OUTPUT}`,
    examples: ['search repo postgres', 'search postgres -l -o json'],
  },
  pull: {
    usage: 'pull CHART',
    flags: `${WHERE}  -d, --destination FOLDER, --untar, --untardir FOLDER\n      --verify, --prov, --keyring FILE\n`,
    examples: ['pull bitnami/nginx --version 15.x', 'pull oci://registry.example.com/charts/db --untar'],
  },
  push: { usage: 'push FILE oci://HOST/PATH', flags: WHERE, examples: ['push web-1.0.0.tgz oci://registry.example.com/charts'] },
  registry: {
    usage: 'registry login|logout HOST[:PORT]',
    flags: `  -u, --username NAME
      --password-stdin          the password is read from standard input (-p, --password PASSWORD)
      --insecure, --plain-http, --ca-file, --cert-file, --key-file
`,
    examples: ['registry login registry.example.com -u me --password-stdin < token', 'registry logout registry.example.com'],
  },
  install: {
    usage: 'install [NAME] CHART',
    flags: `${CLUSTER}${VALUES}${WHERE}${CHANGE}${UNDO}${SHOWN}  -g, --generate-name, --name-template TEXT
      --create-namespace, --take-ownership, --skip-crds, --dependency-update
      --replace                 over a release that failed or whose history was kept
${RENDER}${OUTPUT}`,
    examples: [
      'install web ./charts/web -n shop --create-namespace --wait',
      'install db bitnami/postgresql --set auth.database=shop',
    ],
  },
  upgrade: {
    usage: 'upgrade NAME CHART',
    flags: `${CLUSTER}${VALUES}${WHERE}${CHANGE}${UNDO}${CLEANUP}${SHOWN}  -i, --install                 where there is no such release
      --create-namespace, --take-ownership, --dependency-update
      --reuse-values, --reset-values, --reset-then-reuse-values
      --upgrade-crds            bring the chart's CRDs up to date, too
${RENDER}${OUTPUT}`,
    examples: [
      'upgrade web ./charts/web --install --rollback-on-failure',
      'upgrade web ./charts/web --reuse-values --set replicas=3',
    ],
  },
  rollback: {
    usage: 'rollback NAME [REVISION]',
    flags: `${CLUSTER}${CHANGE}${CLEANUP}`,
    examples: ['rollback web', 'rollback web 3 --wait'],
  },
  uninstall: {
    usage: 'uninstall NAME…',
    flags: `${CLUSTER}      --keep-history, --no-hooks, --timeout 5m, --wait, --dry-run, --description TEXT
      --cascade background|foreground|orphan
      --ignore-not-found
`,
    examples: ['uninstall web'],
  },
  list: {
    usage: 'list',
    flags: `${CLUSTER}  -A, --all-namespaces\n  -a, --all                     in any state; or --deployed, --failed, --pending, --superseded, --uninstalled, --uninstalling
  -f, --filter REGEX, -l, --selector LABELS
  -d, --date, -r, --reverse, -m, --max N, --offset N, -q, --short, --no-headers
${OUTPUT}`,
    examples: ['list -A -o json'],
  },
  history: { usage: 'history NAME', flags: `${CLUSTER}      --max N\n${OUTPUT}`, examples: ['history web'] },
  status: { usage: 'status NAME', flags: `${CLUSTER}      --revision N\n${OUTPUT}`, examples: ['status web -o yaml'] },
  get: {
    usage: 'get values|manifest|hooks|notes NAME',
    flags: `${CLUSTER}      --revision N\n  -a, --all                     values: the chart's defaults too\n${OUTPUT}`,
    examples: ['get values web -o json', 'get values web --all', 'get manifest web --revision 2'],
  },
  test: { usage: 'test NAME', flags: `${CLUSTER}      --timeout 5m, --filter name=A,!name=B, --logs\n`, examples: ['test web'] },
  diff: { usage: 'diff NAME CHART', flags: `${CLUSTER}${VALUES}${WHERE}`, examples: ['diff web ./charts/web -f prod.yaml'] },
}

/** The help of a verb; undefined where there is no such verb. */
export function helpOf(verb: string): string | undefined {
  const help = Object.hasOwn(HELP, verb) ? HELP[verb] : undefined
  if (!help) return undefined
  const examples = help.examples.map((e) => `  slipway chart ${e}\n`).join('')
  return `Usage: slipway chart ${help.usage}\n${help.flags === '' ? '' : `\nFlags:\n${help.flags}`}\nExamples:\n${examples}`
}
