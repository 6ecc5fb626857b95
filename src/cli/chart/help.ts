// What `slipway chart VERB --help` says: how the verb is used, its flags, examples.

const VALUES = `  -f, --values FILE|URL         values, may be repeated; - is standard input
      --set, --set-string, --set-json, --set-file, --set-literal KEY=VALUE
`
const ACCESS = `      --username, --password, --ca-file, --cert-file, --key-file, --insecure-skip-tls-verify
`
const WHERE = `      --version RANGE           which version; --devel takes unfinished ones, too
      --repo URL                a repository for a bare name
${ACCESS}      --pass-credentials, --plain-http
      --verify                  check the chart's signature, by --keyring FILE or gpg's own
`
const CLUSTER = `  -n, --namespace NAME          default: that of the kubeconfig's context
      --kubeconfig FILE, --kube-context NAME
      --kube-apiserver URL, --kube-token, --kube-ca-file, --kube-as-user, --kube-as-group,
      --kube-tls-server-name, --kube-insecure-skip-tls-verify
      --qps N, --burst-limit N  no more requests a second, nor at once
      --color never|auto|always
`
const CHANGE = `      --wait, --wait-for-jobs   until all is ready; --timeout 5m
      --dry-run[=client|server] change nothing; server: let the server check it, too
      --server-side true|false|auto, --force-conflicts
      --force-replace           replace objects instead of merging into them
      --no-hooks, --description TEXT
`
const UNDO = `      --rollback-on-failure     undo what failed
`
const CLEANUP = `      --cleanup-on-fail         delete what a change that failed made anew
      --history-max N
`
const SHOWN = `  -l, --labels KEY=VALUE,…      labels of the release, for list --selector
      --hide-notes, --hide-secret (of a dry run)
`
const RENDER = `      --skip-schema-validation, --disable-openapi-validation, --render-subchart-notes
      --post-renderer PROGRAM, --post-renderer-args ARG
      --enable-dns              getHostByName asks this machine's resolver
`
const OUTPUT = '  -o, --output table|json|yaml\n'
const REVISION = '      --revision N\n'
const WIDTH = '      --max-col-width N         longer cells are cut\n'

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
      --dry-run=server          versions and lookups of a cluster; kinds that it does not have are an error
  -g, --generate-name
${RENDER}      taken as Helm takes them, without a meaning for a render: --create-namespace, --description, --force-conflicts, --force-replace,
      --hide-notes, --labels (-l), --replace, --rollback-on-failure, --server-side, --skip-crds, --take-ownership, --timeout, --wait, --wait-for-jobs
`,
    examples: [
      'template web ./charts/web -f prod.yaml',
      'template db oci://registry.example.com/charts/db --version ^2.0.0',
      'template web ./web -s templates/service.yaml',
    ],
  },
  lint: {
    usage: 'lint CHART…',
    flags: `${VALUES}      --strict                  warnings fail, too
      --quiet                   warnings and errors only
      --with-subcharts          the charts in charts/, too
      --kube-version V          what that Kubernetes deprecates
      --skip-schema-validation
`,
    examples: ['lint ./charts/web --strict', 'lint ./charts/web --with-subcharts --kube-version 1.34'],
  },
  create: {
    usage: 'create NAME',
    flags:
      '  -p, --starter NAME|PATH       the files of that chart, with <CHARTNAME> in them; a name: below HELM_DATA_HOME/starters\n',
    examples: ['create ./charts/web', 'create ./charts/web --starter /srv/starters/service'],
  },
  show: {
    usage: 'show all|chart|values|readme|crds CHART',
    flags: `${WHERE}      --jsonpath TEMPLATE       of values: what the template selects\n`,
    examples: [
      'show values ./charts/web',
      "show values ./charts/web --jsonpath '{.image.tag}'",
      'show crds prom/kube-prometheus-stack',
    ],
  },
  package: {
    usage: 'package CHART…',
    flags: `  -d, --destination FOLDER
      --version V, --app-version V
  -u, --dependency-update
      --sign, --key NAME, --keyring FILE, --passphrase-file FILE
${ACCESS}      --plain-http
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
    flags: `build, update:
      --skip-refresh            the known repositories' indexes as they are cached
      --verify, --keyring FILE  check signatures
${ACCESS}      --plain-http
list:
${WIDTH}${OUTPUT}`,
    examples: ['dependency update ./charts/web', 'dependency list ./charts/web -o json'],
  },
  repo: {
    usage: 'repo add NAME URL | list | update [NAME…] | remove NAME… | index [FOLDER]',
    flags: `add:
${ACCESS}      --password-stdin          the password is read from standard input
      --pass-credentials        to other hosts, too
      --force-update            replace a repository of that name
      --allow-deprecated-repos, --timeout 2m (add, update)
list:
      --no-headers
${OUTPUT}index:
      --url URL, --merge FILE, --json
`,
    examples: ['repo add bitnami https://charts.bitnami.com/bitnami', 'repo index out --url https://example.com/charts'],
  },
  search: {
    usage: 'search [repo] WORD… | search hub WORD…',
    flags: `  -l, --versions                all versions
  -r, --regexp                  the words are an expression of RE2
      --version RANGE           versions in that range; --devel: unfinished ones, too
      --endpoint URL, --list-repo-url (of hub)
      --fail-on-no-result
${WIDTH}${OUTPUT}`,
    examples: ['search repo postgres', 'search postgres -l -o json', "search repo -r '^post.*sql'"],
  },
  pull: {
    usage: 'pull CHART…',
    flags: `${WHERE}  -d, --destination FOLDER, --untar, --untardir FOLDER
      --prov                    its provenance file, too, unchecked
`,
    examples: ['pull bitnami/nginx --version 15.x', 'pull oci://registry.example.com/charts/db --untar'],
  },
  push: {
    usage: 'push FILE oci://HOST/PATH',
    flags: `${ACCESS}      --plain-http\n`,
    examples: ['push web-1.0.0.tgz oci://registry.example.com/charts'],
  },
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
      --upgrade-crds            bring the chart's CRDs up to date, too; --skip-crds: of --install, none
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
    flags: `${CLUSTER}  -A, --all-namespaces\n  -a, --all                     in any state, as without it; or --deployed, --failed, --pending, --superseded, --uninstalled, --uninstalling
  -f, --filter REGEX, -l, --selector LABELS
  -d, --date, -r, --reverse, -m, --max N, --offset N, -q, --short, --no-headers, --time-format LAYOUT (Go's)
${OUTPUT}`,
    examples: ['list -A -o json'],
  },
  history: {
    usage: 'history NAME',
    flags: `${CLUSTER}      --max N, --show-rollback-revision\n${OUTPUT}`,
    examples: ['history web'],
  },
  status: { usage: 'status NAME', flags: `${CLUSTER}${REVISION}${OUTPUT}`, examples: ['status web -o yaml'] },
  get: {
    usage: 'get all|values|manifest|metadata|hooks|notes NAME',
    flags: `${CLUSTER}${REVISION}  -a, --all                     of values: the chart's defaults too
      --template TEXT           of all: a template of Go's over .Release
${OUTPUT}`,
    examples: [
      'get values web -o json',
      'get values web --all',
      'get manifest web --revision 2',
      "get all web --template '{{.Release.Info.Status}}'",
    ],
  },
  env: { usage: 'env [NAME]', flags: '', examples: ['env', 'env HELM_REPOSITORY_CACHE'] },
  completion: {
    usage: 'completion bash|zsh|fish|powershell',
    flags: '',
    examples: ['completion bash > /etc/bash_completion.d/slipway', 'completion fish | source'],
  },
  plugin: {
    usage: 'plugin install PATH|URL | list | update NAME… | uninstall NAME…',
    flags: `install (a folder, or a Git repository):
      --version RANGE           a tag, branch or commit, or the newest tag in a range
      --verify=false            a Git repository has no signature to check; --keyring FILE
${ACCESS}      --plain-http
list:
      --type TYPE               cli/v1, getter/v1, postrenderer/v1
`,
    examples: [
      'plugin install ./my-plugin',
      'plugin install https://github.com/databus23/helm-diff --verify=false',
      'plugin list',
    ],
  },
  version: {
    usage: 'version',
    flags: '      --short, --template TEXT  the version of Helm that charts are rendered as by\n',
    examples: ['version --short', "version --template '{{.Version}}'"],
  },
  test: { usage: 'test NAME', flags: `${CLUSTER}      --timeout 5m, --filter name=A,!name=B, --logs\n`, examples: ['test web'] },
  diff: {
    usage: 'diff NAME CHART',
    flags: `${CLUSTER}${VALUES}${WHERE}      --reuse-values, --reset-values, --reset-then-reuse-values, --dependency-update, --skip-crds\n${RENDER}`,
    examples: ['diff web ./charts/web -f prod.yaml'],
  },
}

/** The help of a verb; undefined where there is no such verb. */
export function helpOf(verb: string): string | undefined {
  const help = Object.hasOwn(HELP, verb) ? HELP[verb] : undefined
  if (!help) return undefined
  const examples = help.examples.map((e) => `  slipway chart ${e}\n`).join('')
  return `Usage: slipway chart ${help.usage}\n${help.flags === '' ? '' : `\nFlags:\n${help.flags}`}\nExamples:\n${examples}`
}
