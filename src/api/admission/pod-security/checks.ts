import type { ObjectMeta, PodSpec } from '../../../apimachinery/kinds.generated.ts'
import * as c from './container-checks.ts'
import * as p from './pod-checks.ts'
import type { LevelVersion } from './policy.ts'
import { type Check, hasOwnUsers, isWindows, unless, type Violation } from './violation.ts'

interface Rule {
  readonly id: string
  /** From which 1.x on which check holds, oldest first. */
  readonly versions: readonly (readonly [minor: number, check: Check])[]
  /** The baseline rule that this restricted one takes the place of. */
  readonly replaces?: string
}

// In the order of their ids, which is the order in messages.
const baseline: readonly Rule[] = [
  { id: 'appArmorProfile', versions: [[0, p.appArmor]] },
  { id: 'capabilities_baseline', versions: [[0, c.capabilitiesBaseline]] },
  { id: 'hostNamespaces', versions: [[0, p.hostNamespaces]] },
  { id: 'hostPathVolumes', versions: [[0, p.hostPathVolumes]] },
  { id: 'hostPorts', versions: [[0, c.hostPorts]] },
  { id: 'hostProbesAndHostLifecycle', versions: [[34, c.probeHosts]] },
  { id: 'privileged', versions: [[0, c.privileged]] },
  {
    id: 'procMount',
    versions: [
      [0, c.procMount],
      [35, unless(hasOwnUsers, c.procMount)],
    ],
  },
  {
    id: 'seLinuxOptions',
    versions: [
      [0, p.seLinux()],
      [31, p.seLinux('container_engine_t')],
    ],
  },
  {
    id: 'seccompProfile_baseline',
    versions: [
      [0, p.seccompAnnotations],
      [19, p.seccompBaseline],
    ],
  },
  { id: 'sysctls', versions: [0, 27, 29, 32].map((minor) => [minor, p.sysctls(minor)] as const) },
  { id: 'windowsHostProcess', versions: [[0, c.windowsHostProcess]] },
]

const restricted: readonly Rule[] = [
  {
    id: 'allowPrivilegeEscalation',
    versions: [
      [8, c.privilegeEscalation],
      [25, unless(isWindows, c.privilegeEscalation)],
    ],
  },
  {
    id: 'capabilities_restricted',
    versions: [
      [22, c.capabilitiesRestricted],
      [25, unless(isWindows, c.capabilitiesRestricted)],
    ],
    replaces: 'capabilities_baseline',
  },
  { id: 'procMount_restricted', versions: [[35, c.procMount]], replaces: 'procMount' },
  { id: 'restrictedVolumes', versions: [[0, p.restrictedVolumes]], replaces: 'hostPathVolumes' },
  {
    id: 'runAsNonRoot',
    versions: [
      [0, p.nonRoot],
      [35, unless(hasOwnUsers, p.nonRoot)],
    ],
  },
  {
    id: 'runAsUser',
    versions: [
      [23, p.notUserZero],
      [35, unless(hasOwnUsers, p.notUserZero)],
    ],
  },
  {
    id: 'seccompProfile_restricted',
    versions: [
      [19, p.seccompRestricted],
      [25, unless(isWindows, p.seccompRestricted)],
    ],
    replaces: 'seccompProfile_baseline',
  },
]

const checkAt = (rule: Rule, minor: number): Check | undefined => rule.versions.findLast(([from]) => from <= minor)?.[1]

function checksFor({ level, minor = Number.POSITIVE_INFINITY }: LevelVersion): Check[] {
  if (level === 'privileged') return []
  const strict = level === 'restricted' ? restricted.filter((rule) => checkAt(rule, minor)) : []
  const replaced = new Set(strict.map((rule) => rule.replaces))
  return [...baseline.filter((rule) => !replaced.has(rule.id)), ...strict].flatMap((rule) => checkAt(rule, minor) ?? [])
}

const cache = new Map<string, Check[]>()

/** How a pod breaks a level, in the order of the rules; empty when it does not. */
export function violations(policy: LevelVersion, metadata: ObjectMeta, spec: PodSpec): Violation[] {
  const key = `${policy.level}:${policy.minor}`
  const checks = cache.get(key) ?? checksFor(policy)
  // Anybody may write any number as a version into a label.
  if (cache.size < 200) cache.set(key, checks)
  return checks.flatMap((check) => check(spec, metadata) ?? [])
}

/** `reason (detail), reason (detail)`. */
export const violationText = (list: readonly Violation[]): string =>
  list.map(({ reason, detail }) => (detail ? `${reason} (${detail})` : reason)).join(', ')
