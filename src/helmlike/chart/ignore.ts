// .helmignore: which files of a chart's folder are left out.
import { ChartError } from './chart.ts'
import { pathMatcher } from './match-path.ts'

interface Rule {
  readonly negate: boolean
  readonly directoryOnly: boolean
  readonly matches: (path: string) => boolean
}

const baseOf = (path: string) => path.slice(path.lastIndexOf('/') + 1)

function parseRule(line: string): Rule | undefined {
  let rule = line.trim()
  if (rule === '' || rule.startsWith('#')) return undefined
  if (rule.includes('**')) throw new ChartError('double-star (**) syntax is not supported')
  pathMatcher(rule)
  const negate = rule.startsWith('!')
  if (negate) rule = rule.slice(1)
  const directoryOnly = rule.endsWith('/')
  if (directoryOnly) rule = rule.slice(0, -1)
  const rooted = rule.startsWith('/')
  const pattern = rooted ? rule.slice(1) : rule
  const whole = rooted || rule.includes('/')
  const isMatch = pathMatcher(pattern)
  return { negate, directoryOnly, matches: (path) => isMatch(whole ? path : baseOf(path)) }
}

/** Decides by path (with `/`) whether a file or directory is ignored. Throws ChartError for a rule that is none. */
export function ignoreRules(text: string | undefined): (path: string, isDirectory: boolean) => boolean {
  const lines = [...(text ?? '').replace(/^\ufeff/, '').split('\n'), 'templates/.?*']
  const rules = lines.map(parseRule).filter((r) => r !== undefined)
  return (path, isDirectory) => {
    for (const r of rules) {
      if (r.negate) {
        if ((r.directoryOnly && !isDirectory) || !r.matches(path)) return true
      } else if ((!r.directoryOnly || isDirectory) && r.matches(path)) return true
    }
    return false
  }
}
