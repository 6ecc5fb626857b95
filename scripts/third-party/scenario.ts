/** What one operator is given to do, and what it must have done then. */
export interface Scenario {
  /** Also of the programs that `build` makes. */
  readonly name: string
  /** Where everything happens; made before the rest. */
  readonly namespace: string
  /** Manifests that the operator needs: its kinds, its webhooks. */
  setup(place: Place): Promise<string>
  programs(place: Place): readonly Program[]
  readonly steps: readonly Step[]
  /** The resources that are compared after each step, as `kubectl get` takes them. */
  readonly shows: string
  /** Differences that say nothing of the server: keys, and who of several controllers came first. */
  readonly mayDiffer?: RegExp
}

export interface Place {
  readonly namespace: string
  /** The folder of the operator's module. */
  readonly module: string
  /** A port of this run, by a number of the scenario's choice from 0 to 9. */
  port(n: number): number
}

interface Program {
  /** `<scenario>-<name>` is the program's file. */
  readonly name: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

export interface Step {
  readonly says: string
  readonly apply?: string
  /** Commands of kubectl, in the scenario's namespace. */
  readonly kubectl?: readonly (readonly string[])[]
  /** What `apply` or the last command must be refused with. */
  readonly refused?: RegExp
  /** Until it does, ReplicaSets of this selector are said to have all their pods ready: nobody runs any. */
  readonly podsReady?: string
  /** What must come true: `[object, condition]` as `kubectl wait OBJECT --for=CONDITION` takes them. */
  readonly until?: readonly (readonly [string, string])[]
}
