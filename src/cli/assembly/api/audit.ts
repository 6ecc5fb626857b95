import { readFile } from 'node:fs/promises'
import { Audit } from '../../../api/audit/audit.ts'
import { openLogFile } from '../../../api/audit/log-file.ts'
import { readAuditPolicy } from '../../../api/audit/policy.ts'
import { systemClock } from '../../../apimachinery/clock.ts'

export interface OpenAudit {
  readonly audit: Audit
  close(): Promise<void>
}

export const auditFlags = {
  'audit-policy-file': { type: 'string' },
  'audit-log-path': { type: 'string' },
  'audit-log-maxsize': { type: 'string', default: '0' },
  'audit-log-maxbackup': { type: 'string', default: '0' },
  'audit-log-maxage': { type: 'string', default: '0' },
} as const

export const auditHelp = `
  --audit-policy-file FILE  audit.k8s.io/v1 Policy: which requests are logged, and how much of them
  --audit-log-path FILE     where to, a line of JSON an event; - is the standard output
  --audit-log-maxsize MB    another file is begun before one grows past this, default 100
  --audit-log-maxbackup N   how many old files are kept, default all
  --audit-log-maxage DAYS   how long old files are kept, default for ever
`

type AuditFlagValues = { readonly [K in keyof typeof auditFlags]?: string | undefined }

/** undefined: nothing is audited. Throws for flags and policies that are not good. */
export async function openAudit(values: AuditFlagValues): Promise<OpenAudit | undefined> {
  const file = values['audit-policy-file']
  const path = values['audit-log-path']
  if (!file && !path) return undefined
  if (!file) throw new Error('--audit-log-path: needs --audit-policy-file, which says what to log')
  if (!path) throw new Error('--audit-policy-file: needs --audit-log-path, where to log to (- is the standard output)')
  const policy = readAuditPolicy(await readFile(file, 'utf8'), `--audit-policy-file ${file}`)
  const count = (name: keyof typeof auditFlags): number => {
    const text = values[name] ?? '0'
    if (!/^\d+$/.test(text)) throw new Error(`--${name} ${text}: must be a whole number`)
    return Number(text)
  }
  const log = openLogFile({
    path,
    maxSizeMb: count('audit-log-maxsize'),
    maxBackups: count('audit-log-maxbackup'),
    maxAgeDays: count('audit-log-maxage'),
    clock: systemClock,
  })
  return { audit: new Audit(policy, log.write, systemClock), close: log.close }
}
