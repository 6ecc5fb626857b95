import type { UserInfo } from '../../request.ts'
import type { JwtIssuer, Mapping } from './configuration.ts'
import type { Claims } from './expressions.ts'

/** The user that verified claims stand for. Throws an Error that says why they stand for none. Pure. */
export function userOf(issuer: JwtIssuer, claims: Claims): UserInfo {
  const uid = issuer.uid && uidOf(issuer.uid, claims)
  const user: UserInfo = {
    name: usernameOf(issuer.username, claims),
    groups: issuer.groups ? groupsOf(issuer.groups, claims) : [],
    ...(uid ? { uid } : {}),
    extra: extraOf(issuer, claims),
  }
  for (const { claim, value } of issuer.requiredClaims) {
    if (claims[claim] === undefined) throw new Error(`oidc: required claim ${claim} not present in ID token`)
    if (typeof claims[claim] !== 'string') throw new Error(`oidc: parse claim ${claim}: it is no text`)
    if (claims[claim] !== value)
      throw new Error(`oidc: required claim ${claim} value does not match. Got = ${claims[claim]}, want = ${value}`)
  }
  for (const { expression, message } of issuer.claimRules) {
    if (expression.evaluate(claims) !== true) throw ruleFailed('claim validation expression', expression.source, message)
  }
  for (const { expression, message } of issuer.userRules) {
    if (expression.evaluate(user) !== true) throw ruleFailed('user info validation rule', expression.source, message)
  }
  return user
}

const ruleFailed = (what: string, source: string, message: string): Error =>
  new Error(`oidc: error evaluating ${what}: ${message || `validation expression '${source}' failed`}`)

function usernameOf(mapping: Mapping, claims: Claims): string {
  if ('expression' in mapping) {
    const name = mapping.expression.evaluate(claims)
    if (typeof name !== 'string')
      throw new Error('oidc: error evaluating username claim expression: username claim expression must return a string')
    if (name === '') throw new Error('oidc: empty username via CEL expression is not allowed')
    return name
  }
  const name = claims[mapping.claim]
  if (typeof name !== 'string') throw new Error(`oidc: parse username claims "${mapping.claim}": claim not present, or no text`)
  if (mapping.claim === 'email' && claims.email_verified !== undefined && claims.email_verified !== true)
    throw new Error('oidc: email not verified')
  return mapping.prefix + name
}

function groupsOf(mapping: Mapping, claims: Claims): string[] {
  if ('expression' in mapping)
    return textsOf(mapping.expression.evaluate(claims), 'oidc: error evaluating group claim expression')
  const value = claims[mapping.claim]
  if (value === undefined) return []
  const groups = typeof value === 'string' ? [value] : value
  if (!Array.isArray(groups) || !groups.every((g) => typeof g === 'string'))
    throw new Error(`oidc: parse groups claim "${mapping.claim}": it is neither text nor a list of texts`)
  return groups.map((g) => mapping.prefix + g)
}

function uidOf(mapping: Mapping, claims: Claims): string {
  const uid = 'expression' in mapping ? mapping.expression.evaluate(claims) : claims[mapping.claim]
  if (typeof uid === 'string') return uid
  throw new Error(
    'expression' in mapping
      ? 'oidc: error evaluating uid claim expression: it must return a string'
      : `oidc: parse uid claim "${mapping.claim}"`,
  )
}

function extraOf(issuer: JwtIssuer, claims: Claims): Record<string, readonly string[]> {
  const extra: Record<string, readonly string[]> = {}
  if (typeof claims.jti === 'string' && claims.jti !== '')
    extra['authentication.kubernetes.io/credential-id'] = [`JTI=${claims.jti}`]
  for (const { key, expression } of issuer.extra) {
    const values = textsOf(expression.evaluate(claims), `oidc: error evaluating extra claim expression: ${expression.source}`)
    if (values.length > 0) extra[key] = values
  }
  return extra
}

/** Text or a list of texts; null, empty text and empty lists are nothing. */
function textsOf(value: unknown, problem: string): string[] {
  if (value === null || value === undefined) return []
  const list = Array.isArray(value) ? value : [value]
  if (!list.every((v) => typeof v === 'string'))
    throw new Error(`${problem}: expression must return a string or a list of strings`)
  return list.filter((v) => v !== '')
}
