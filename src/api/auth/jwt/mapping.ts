import type { UserInfo } from '../../request.ts'
import type { JwtIssuer, Mapping, Rule } from './configuration.ts'
import type { Claims } from './expressions.ts'
import { goText, mismatch } from './go-json.ts'

/** The user that verified claims stand for. Throws an Error that says why they stand for none. Pure. */
export function userOf(issuer: JwtIssuer, claims: Claims): UserInfo {
  const name = usernameOf(issuer.username, claims)
  const groups = issuer.groups ? groupsOf(issuer.groups, claims) : []
  const uid = issuer.uid && uidOf(issuer.uid, claims)
  const user: UserInfo = {
    name,
    groups,
    ...(uid ? { uid } : {}),
    extra: extraOf(issuer, claims),
  }
  for (const { claim, value } of issuer.requiredClaims) {
    if (claims[claim] === undefined) throw new Error(`oidc: required claim ${claim} not present in ID token`)
    const got = parsed(`parse claim ${claim}`, () => goText(claims[claim]))
    if (got !== value) throw new Error(`oidc: required claim ${claim} value does not match. Got = ${got}, want = ${value}`)
  }
  checkRules(issuer.claimRules, claims, 'error evaluating claim validation expression')
  checkRules(issuer.userRules, user, 'error evaluating user info validation rule')
  return user
}

/** What `act` gives; its error after `oidc: ` and `what`. */
function parsed<T>(what: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    throw new Error(`oidc: ${what}: ${(error as Error).message}`)
  }
}

function checkRules<In>(rules: readonly Rule<In>[], input: In, what: string): void {
  parsed(what, () => {
    // All are evaluated before the first that does not hold is told of.
    const held = rules.map(({ expression }) => expression.evaluate(input) === true)
    const failed = rules[held.indexOf(false)]
    if (failed) throw new Error(`validation expression '${failed.expression.source}' failed: ${failed.message}`)
  })
}

/** The text of a claim that must be there. */
function claimText(claims: Claims, claim: string): string {
  if (claims[claim] === undefined) throw new Error('claim not present')
  return goText(claims[claim])
}

function usernameOf(mapping: Mapping, claims: Claims): string {
  if ('expression' in mapping) {
    const name = parsed('error evaluating username claim expression', () => {
      const value = mapping.expression.evaluate(claims)
      if (typeof value !== 'string') throw new Error('username claim expression must return a string')
      return value
    })
    if (name === '') throw new Error('oidc: empty username via CEL expression is not allowed')
    return name
  }
  const name = parsed(`parse username claims ${JSON.stringify(mapping.claim)}`, () => claimText(claims, mapping.claim))
  const { email_verified: isVerified } = claims
  if (mapping.claim === 'email' && isVerified !== undefined) {
    if (isVerified !== null && typeof isVerified !== 'boolean')
      throw new Error(`oidc: parse 'email_verified' claim: ${mismatch(isVerified, 'value of type bool').message}`)
    if (!isVerified) throw new Error('oidc: email not verified')
  }
  return mapping.prefix + name
}

function groupsOf(mapping: Mapping, claims: Claims): string[] {
  if ('expression' in mapping)
    return parsed('error evaluating group claim expression', () => textsOf(mapping.expression.evaluate(claims)))
  const value = claims[mapping.claim]
  if (value === undefined || value === null) return []
  const isList = Array.isArray(value) && value.every((g) => typeof g === 'string' || g === null)
  const groups = isList
    ? value.map((g) => g ?? '')
    : [parsed(`parse groups claim ${JSON.stringify(mapping.claim)}`, () => goText(value))]
  return groups.map((g) => mapping.prefix + g)
}

function uidOf(mapping: Mapping, claims: Claims): string {
  if (!('expression' in mapping))
    return parsed(`parse uid claim ${JSON.stringify(mapping.claim)}`, () => claimText(claims, mapping.claim))
  return parsed('error evaluating uid claim expression', () => {
    const uid = mapping.expression.evaluate(claims)
    if (typeof uid !== 'string') throw new Error('uid claim expression must return a string')
    return uid
  })
}

function extraOf(issuer: JwtIssuer, claims: Claims): Record<string, readonly string[]> {
  const extra: Record<string, readonly string[]> = {}
  if (typeof claims.jti === 'string' && claims.jti !== '')
    extra['authentication.kubernetes.io/credential-id'] = [`JTI=${claims.jti}`]
  for (const { key, expression } of issuer.extra) {
    const value = expression.evaluate(claims)
    const values = parsed(`error evaluating extra claim expression: ${expression.source}`, () => textsOf(value))
    if (values.length > 0) extra[key] = values
  }
  return extra
}

/** Text or a list of texts; null, empty text and empty lists are nothing. */
function textsOf(value: unknown): string[] {
  if (value === null || value === undefined) return []
  const list = Array.isArray(value) ? value : [value]
  if (!list.every((v) => typeof v === 'string')) throw new Error('expression must return a string or a list of strings')
  return list.filter((v) => v !== '')
}
