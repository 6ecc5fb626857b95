import type { ScalarTag, Tags } from 'yaml'
import { hasLongIntegers } from './exact-numbers.ts'

/** Octal numbers of YAML 1.2, which go-yaml takes too. */
const octal: ScalarTag = {
  identify: () => false,
  default: true,
  tag: 'tag:yaml.org,2002:int',
  test: /^[-+]?0o[0-7_]+$/,
  resolve: (text) => Number(text.replaceAll('_', '').replace(/^[-+]/, '')) * (text.startsWith('-') ? -1 : 1),
}

/** What Go has no values of its own for. */
const foreign = new Set(['omap', 'pairs', 'set', 'timestamp'].map((name) => `tag:yaml.org,2002:${name}`))

/** YAML 1.1 as go-yaml reads it: times are texts, and `22:22` is no number of minutes. */
const goTags = (tags: Tags): Tags => [...tags.filter((tag) => typeof tag === 'string' || isGo(tag)), octal]

const isGo = (tag: Exclude<Tags[number], string>): boolean => tag.format !== 'TIME' && !foreign.has(tag.tag)

/** Options of package yaml for reading `text` as sigs.k8s.io/yaml does; the result wants `exactNumbers`. */
export const goYaml = (text: string) =>
  ({
    schema: 'yaml-1.1',
    version: '1.1',
    merge: true,
    customTags: goTags,
    logLevel: 'error',
    intAsBigInt: hasLongIntegers(text),
  }) as const
