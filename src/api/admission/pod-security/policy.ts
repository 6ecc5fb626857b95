import { type FieldError, invalid } from '../../../apimachinery/field-error.ts'
import type { Labels } from '../../../apimachinery/label-selector.ts'

const levels = ['privileged', 'baseline', 'restricted'] as const
type Level = (typeof levels)[number]

export interface LevelVersion {
  readonly level: Level
  /** x of v1.x; undefined: latest. */
  readonly minor: number | undefined
}

export interface Policy {
  readonly enforce: LevelVersion
  readonly audit: LevelVersion
  readonly warn: LevelVersion
}

/** `restricted:latest`, `baseline:v1.30`. */
export const levelText = ({ level, minor }: LevelVersion): string => `${level}:${minor === undefined ? 'latest' : `v1.${minor}`}`
export const isSameLevel = (a: LevelVersion, b: LevelVersion): boolean => a.level === b.level && a.minor === b.minor
export const strictness = (level: Level): number => levels.indexOf(level)

/** What a namespace's labels ask of its pods, and what is wrong with them. A level that can't be read is restricted for enforcement. */
export function policyOf(labels: Labels = {}): { policy: Policy; errors: FieldError[] } {
  const errors: FieldError[] = []
  const read = (mode: string): { level: Level | undefined; isWrong: boolean; minor: number | undefined; hasVersion: boolean } => {
    const label = `pod-security.kubernetes.io/${mode}`
    const [level, version] = [labels[label], labels[`${label}-version`]]
    const isKnown = levels.includes(level as Level)
    if (level !== undefined && !isKnown)
      errors.push(invalid(`metadata.labels[${label}]`, level, `must be one of ${levels.join(', ')}`))
    const minor = /^v1\.(\d|[1-9]\d*)$/.exec(version ?? '')?.[1]
    if (version !== undefined && version !== 'latest' && minor === undefined) {
      errors.push(invalid(`metadata.labels[${label}-version]`, version, 'must be "latest" or "v1.x"'))
    }
    return {
      level: isKnown ? (level as Level) : undefined,
      isWrong: level !== undefined && !isKnown,
      minor: minor === undefined ? undefined : Number(minor),
      hasVersion: version !== undefined,
    }
  }
  const [enforce, audit, warn] = [read('enforce'), read('audit'), read('warn')]
  const enforced: LevelVersion = { level: enforce.level ?? (enforce.isWrong ? 'restricted' : 'privileged'), minor: enforce.minor }
  const followsEnforce =
    warn.level === undefined && !warn.isWrong && enforce.level !== undefined && enforce.level !== 'privileged'
  return {
    policy: {
      enforce: enforced,
      audit: { level: audit.level ?? 'privileged', minor: audit.minor },
      warn: followsEnforce
        ? { level: enforced.level, minor: warn.hasVersion ? warn.minor : enforced.minor }
        : { level: warn.level ?? 'privileged', minor: warn.minor },
    },
    errors,
  }
}
