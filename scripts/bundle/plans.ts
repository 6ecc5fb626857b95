// Which packs there are.

export interface PackPlan {
  /** Of the file: NAME.pack. */
  readonly name: string
  /** Chunks that are asked for by name: their sources below the root. */
  readonly entries: { readonly [chunk: string]: string }
  /** Of src/cli/start.ts's verbs, those that the pack has. */
  readonly verbs: readonly string[]
  /** Packages that are found when they are needed: they have native parts, or are replaced in part. */
  readonly outside: readonly string[]
  /** Modules that go into one chunk, since they are always loaded together. */
  readonly groups: { name: string; test: RegExp }[]
  /** What V8 is told where the pack is run. */
  readonly flags: readonly string[]
  /** The program of this folder that runs the pack once, to compile what is usually called. */
  readonly warm: string
}

export const plans: readonly PackPlan[] = [
  {
    name: 'chart',
    entries: { start: 'src/cli/start.ts' },
    verbs: ['chart'],
    outside: [],
    groups: [{ name: 'template', test: /src\/cli\/(?:start|chart|chart\/template)\.ts$/ }],
    // V8 optimizes later than it would, since most of these processes end before that pays, collects young garbage of large charts only, and starts one
    // thread, not four. Under such flags Node's own code caches are of no use: what a chart verb loads of Node later is to be little.
    flags: [
      '--v8-pool-size=1',
      '--invocation-count-for-maglev=6000',
      '--invocation-count-for-maglev-osr=3000',
      '--invocation-count-for-turbofan=20000',
      '--invocation-count-for-osr=8000',
      '--min-semi-space-size=24',
      '--max-semi-space-size=32',
    ],
    warm: 'warm-chart.ts',
  },
  {
    name: 'server',
    entries: { start: 'src/cli/start.ts', operators: 'src/operators/public.ts', testkit: 'src/testkit/public.ts' },
    verbs: ['apiserver', 'up'],
    outside: ['lmdb', 'dockerode'],
    groups: [],
    // Those of a user's test, which imports slipway/testkit.
    flags: [],
    warm: 'warm-server.ts',
  },
]
