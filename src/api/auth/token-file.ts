import type { StaticToken } from './bearer-tokens.ts'

/**
 * Reads what kube-apiserver's --token-auth-file holds: CSV lines `token,user,uid` or `token,user,uid,"group1,group2"`.
 * Throws an Error that names the line, never the token.
 */
export function readTokenFile(text: string): StaticToken[] {
  const tokens: StaticToken[] = []
  text.split(/\r?\n/).forEach((line, i) => {
    if (line.trim() === '' || line.startsWith('#')) return
    tokens.push(tokenOf(fieldsOf(line, i + 1), i + 1))
  })
  return tokens
}

function tokenOf(fields: readonly string[], line: number): StaticToken {
  const [token = '', name = '', uid = '', groups] = fields
  if (fields.length < 3) throw new Error(`line ${line}: must have at least 3 columns (token, user name, user uid)`)
  if (token === '') throw new Error(`line ${line}: the token is empty`)
  if (name === '') throw new Error(`line ${line}: the user name is empty`)
  return { token, user: { name, groups: groups === undefined ? [] : groups.split(','), ...(uid ? { uid } : {}) } }
}

/** The fields of one CSV line; in quotes a quote is written twice. */
function fieldsOf(line: string, number: number): string[] {
  const fields: string[] = []
  let at = 0
  for (;;) {
    const quoted = /^\s*"((?:[^"]|"")*)"\s*(?=,|$)/.exec(line.slice(at))
    const bare = /^[^,"]*(?=,|$)/.exec(line.slice(at))
    const found = quoted ?? bare
    if (!found) throw new Error(`line ${number}: a quote is not closed, or stands within a field`)
    fields.push(quoted ? (quoted[1] ?? '').replaceAll('""', '"') : found[0].trim())
    at += found[0].length
    if (at >= line.length) return fields
    at++
  }
}
