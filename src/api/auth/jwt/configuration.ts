import { readConfigFile } from '../../../apimachinery/config-file.ts'
import { ConfigError, fields, flag, listOf, optional, text } from '../../../apimachinery/config-shape.ts'
import { isDns1123Subdomain } from '../../../apimachinery/names.ts'
import { BOOL } from '../../../crd/cel/types.ts'
import type { UserInfo } from '../../request.ts'
import type { Expression } from '../expression.ts'
import { type Claims, claimsExpression, userExpression } from './expressions.ts'

const prefixed = fields({ claim: optional(text), prefix: optional(text), expression: optional(text) })
const shape = fields({
  jwt: optional(
    listOf(
      fields({
        issuer: fields({
          url: text,
          discoveryURL: optional(text),
          certificateAuthority: optional(text),
          audiences: listOf(text),
          audienceMatchPolicy: optional(text),
          egressSelectorType: optional(text),
        }),
        claimValidationRules: optional(
          listOf(
            fields({ claim: optional(text), requiredValue: optional(text), expression: optional(text), message: optional(text) }),
          ),
        ),
        claimMappings: fields({
          username: optional(prefixed),
          groups: optional(prefixed),
          uid: optional(fields({ claim: optional(text), expression: optional(text) })),
          extra: optional(listOf(fields({ key: optional(text), valueExpression: optional(text) }))),
        }),
        userValidationRules: optional(listOf(fields({ expression: optional(text), message: optional(text) }))),
      }),
    ),
  ),
  anonymous: optional(fields({ enabled: optional(flag), conditions: optional(listOf(fields({ path: text }))) })),
})
type File = ReturnType<typeof shape>
type JwtFile = NonNullable<File['jwt']>[number]
type Mappings = JwtFile['claimMappings']

/** Where a part of a user comes from: a claim, with something put before it, or an expression. */
export type Mapping = { readonly claim: string; readonly prefix: string } | { readonly expression: Expression<Claims> }

export interface Rule<In> {
  readonly expression: Expression<In>
  readonly message: string
}

/** One issuer whose tokens are believed. */
export interface JwtIssuer {
  readonly url: string
  readonly discoveryUrl: string | undefined
  /** PEM; undefined: the system's authorities. */
  readonly authority: string | undefined
  readonly audiences: readonly string[]
  readonly algorithms: readonly string[]
  readonly username: Mapping
  readonly groups: Mapping | undefined
  readonly uid: Mapping | undefined
  readonly extra: readonly { readonly key: string; readonly expression: Expression<Claims> }[]
  readonly requiredClaims: readonly { readonly claim: string; readonly value: string }[]
  readonly claimRules: readonly Rule<Claims>[]
  readonly userRules: readonly Rule<UserInfo>[]
}

/** Who is nobody in particular, and where they may be that. */
export interface AnonymousLimits {
  readonly enabled: boolean
  /** Only these paths; all without. */
  readonly paths?: readonly string[]
}

interface AuthenticationConfiguration {
  readonly issuers: readonly JwtIssuer[]
  readonly anonymous: AnonymousLimits | undefined
}

export const allAlgorithms = ['ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512'] as const

/** Reads the file. `disallowedIssuers`: those that the server itself is. Throws an Error that says where the file is wrong. */
export function readAuthenticationConfiguration(
  textOfFile: string,
  origin: string,
  disallowedIssuers: readonly string[],
): AuthenticationConfiguration {
  const kinds = ['v1', 'v1beta1', 'v1alpha1'].map((v) => `apiserver.config.k8s.io/${v}/AuthenticationConfiguration`)
  return readConfigFile(textOfFile, origin, kinds, (value, at) => settled(shape(value, at), disallowedIssuers))
}

const mostIssuers = 64

function settled({ jwt = [], anonymous }: File, disallowed: readonly string[]): AuthenticationConfiguration {
  if (jwt.length > mostIssuers) throw new ConfigError('jwt', `Too many: ${jwt.length}: must have at most ${mostIssuers} items`)
  const issuers = jwt.map((entry, i) => jwtIssuer(entry, `jwt[${i}]`, disallowed))
  for (const [i, { url, discoveryUrl }] of issuers.entries()) {
    if (issuers.findIndex((o) => o.url === url) < i) throw duplicate(`jwt[${i}].issuer.url`, url)
    if (discoveryUrl && issuers.findIndex((o) => o.discoveryUrl === discoveryUrl) < i)
      throw duplicate(`jwt[${i}].issuer.discoveryURL`, discoveryUrl)
  }
  const paths = anonymous?.conditions?.map((c) => c.path)
  if (paths?.length && !anonymous?.enabled)
    throw invalid(
      'anonymous.conditions',
      paths.map((Path) => ({ Path })),
      'enabled should be set to true when conditions are defined',
    )
  return {
    issuers,
    anonymous: anonymous && { enabled: anonymous.enabled ?? false, ...(paths?.length ? { paths } : {}) },
  }
}

const required = (at: string, why = ''): ConfigError => new ConfigError(at, why ? `Required value: ${why}` : 'Required value')
const duplicate = (at: string, value: string): ConfigError => new ConfigError(at, `Duplicate value: ${JSON.stringify(value)}`)
const invalid = (at: string, value: unknown, why: string): ConfigError =>
  new ConfigError(at, `Invalid value: ${JSON.stringify(value)}: ${why}`)

/** An issuer as the file names it, checked and its expressions compiled. Throws ConfigError. */
export function jwtIssuer(
  file: JwtFile,
  at: string,
  disallowed: readonly string[],
  algorithms: readonly string[] = allAlgorithms,
): JwtIssuer {
  const { issuer, claimMappings, claimValidationRules = [], userValidationRules = [] } = file
  checkIssuer(issuer, `${at}.issuer`, disallowed)
  const mappingsAt = `${at}.claimMappings`
  const claimRules = claimRulesOf(claimValidationRules, `${at}.claimValidationRules`)
  const username = mapping(claimMappings.username, `${mappingsAt}.username`, 'prefixed')
  if (!username) throw required(`${mappingsAt}.username`, 'claim or expression is required')
  const groups = mapping(claimMappings.groups, `${mappingsAt}.groups`, 'prefixed')
  const uid = mapping(claimMappings.uid, `${mappingsAt}.uid`, 'plain')
  const extra = extraOf(claimMappings, `${mappingsAt}.extra`)
  const rules = claimRules.flatMap((r) => ('rule' in r ? [r.rule] : []))
  checkEmail(
    username,
    [...extra.map((e) => e.expression), ...rules.map((r) => r.expression)],
    `${mappingsAt}.username.expression`,
  )
  return {
    url: issuer.url,
    discoveryUrl: issuer.discoveryURL || undefined,
    authority: issuer.certificateAuthority || undefined,
    audiences: issuer.audiences,
    algorithms,
    username,
    groups,
    uid,
    extra,
    requiredClaims: claimRules.flatMap((r) => ('claim' in r ? [{ claim: r.claim, value: r.value }] : [])),
    claimRules: rules,
    userRules: userRulesOf(userValidationRules, `${at}.userValidationRules`),
  }
}

function checkIssuer(issuer: JwtFile['issuer'], at: string, disallowed: readonly string[]): void {
  if (issuer.url === '') throw required(`${at}.url`)
  if (disallowed.includes(issuer.url))
    throw invalid(`${at}.url`, issuer.url, `URL must not overlap with disallowed issuers: [${disallowed.join(' ')}]`)
  checkUrl(issuer.url, `${at}.url`)
  const { discoveryURL: discovery, audiences, audienceMatchPolicy: policy } = issuer
  if (discovery) {
    const bare = (url: string) => url.replace(/\/+$/, '')
    if (bare(discovery) === bare(issuer.url))
      throw invalid(`${at}.discoveryURL`, discovery, 'discoveryURL must be different from URL')
    checkUrl(discovery, `${at}.discoveryURL`)
  }
  checkAudiences(audiences, policy, at)
  if (issuer.certificateAuthority && !issuer.certificateAuthority.includes('-----BEGIN CERTIFICATE-----'))
    throw invalid(`${at}.certificateAuthority`, '<omitted>', 'data does not contain any valid RSA or ECDSA certificates')
  const egress = issuer.egressSelectorType
  if (!egress) return
  if (egress !== 'controlplane' && egress !== 'cluster')
    throw invalid(`${at}.egressSelectorType`, egress, 'egress selector must be either controlplane or cluster')
  throw new ConfigError(`${at}.egressSelectorType`, 'is not supported: this server has no egress selectors')
}

function checkAudiences(audiences: readonly string[], policy: string | undefined, at: string): void {
  if (audiences.length === 0) throw required(`${at}.audiences`, `at least one ${at}.audiences is required`)
  for (const [i, audience] of audiences.entries()) {
    if (audience === '') throw required(`${at}.audiences[${i}]`)
    if (audiences.indexOf(audience) < i) throw duplicate(`${at}.audiences[${i}]`, audience)
  }
  if (policy === 'MatchAny') return
  if (audiences.length > 1)
    throw invalid(`${at}.audienceMatchPolicy`, policy ?? '', 'audienceMatchPolicy must be MatchAny for multiple audiences')
  if (policy)
    throw invalid(`${at}.audienceMatchPolicy`, policy, 'audienceMatchPolicy must be empty or MatchAny for single audience')
}

function checkUrl(url: string, at: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed?.protocol !== 'https:') throw invalid(at, url, 'URL scheme must be https')
  // Shown without what it must not have.
  if (parsed.username || parsed.password) throw new ConfigError(at, 'URL must not contain a username or password')
  if (parsed.search) throw invalid(at, url, 'URL must not contain a query')
  if (parsed.hash) throw invalid(at, url, 'URL must not contain a fragment')
}

/** undefined: there is none. */
function mapping(given: Mappings['username'] | undefined, at: string, kind: 'prefixed' | 'plain'): Mapping | undefined {
  const { claim, prefix, expression } = given ?? {}
  if (claim && expression) throw invalid(at, '', "claim and expression can't both be set")
  if (expression) {
    if (prefix !== undefined) throw invalid(`${at}.prefix`, prefix, 'may not be specified when expression is set')
    return { expression: claimsExpression(expression, `${at}.expression`) }
  }
  if (!claim) return undefined
  if (kind === 'prefixed' && prefix === undefined)
    throw required(`${at}.prefix`, 'prefix is required when claim is set. It can be set to an empty string to disable prefixing')
  return { claim, prefix: prefix ?? '' }
}

type ClaimRule = { readonly claim: string; readonly value: string } | { readonly rule: Rule<Claims> }

function claimRulesOf(rules: NonNullable<JwtFile['claimValidationRules']>, at: string): ClaimRule[] {
  return rules.map(({ claim, requiredValue, expression, message }, i) => {
    const place = `${at}[${i}]`
    const isRepeated = (field: 'claim' | 'expression', value: string) => rules.findIndex((r) => r[field] === value) < i
    if (claim && expression) throw invalid(place, claim, "claim and expression can't both be set")
    if (claim) {
      if (message) throw invalid(`${place}.message`, message, 'may not be specified when claim is set')
      if (isRepeated('claim', claim)) throw duplicate(`${place}.claim`, claim)
      return { claim, value: requiredValue ?? '' }
    }
    if (!expression) throw required(place, 'claim or expression is required')
    if (requiredValue) throw invalid(`${place}.requiredValue`, requiredValue, 'may not be specified when expression is set')
    if (isRepeated('expression', expression)) throw duplicate(`${place}.expression`, expression)
    return { rule: { expression: claimsExpression(expression, `${place}.expression`, [BOOL]), message: message ?? '' } }
  })
}

function userRulesOf(rules: NonNullable<JwtFile['userValidationRules']>, at: string): Rule<UserInfo>[] {
  return rules.map(({ expression = '', message = '' }, i) => {
    const place = `${at}[${i}].expression`
    if (expression === '') throw required(place)
    if (rules.findIndex((r) => r.expression === expression) < i) throw duplicate(place, expression)
    return { expression: userExpression(expression, place, [BOOL]), message }
  })
}

function extraOf({ extra = [] }: Mappings, at: string): JwtIssuer['extra'] {
  return extra.map(({ key = '', valueExpression = '' }, i) => {
    const [keyAt, valueAt] = [`${at}[${i}].key`, `${at}[${i}].valueExpression`]
    if (key === '') throw required(keyAt)
    const [, domain = '', path = ''] = /^([^/]+)\/(.+)$/s.exec(key) ?? []
    if (domain === '') throw invalid(keyAt, key, 'must be a domain-prefixed path (such as "acme.io/foo")')
    const [problem] = isDns1123Subdomain(domain)
    if (problem) throw invalid(keyAt, domain, problem)
    if (!httpPath.test(path)) throw invalid(keyAt, path, `Invalid path (regex used for validation is '${httpPathText}')`)
    if (key !== key.toLowerCase()) throw invalid(keyAt, key, 'must be lowercase')
    if (/(^|\.)(kubernetes|k8s)\.io$/.test(domain))
      throw invalid(keyAt, key, 'k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use')
    if (extra.findIndex((e) => e.key === key) < i) throw duplicate(keyAt, key)
    if (valueExpression === '') throw required(valueAt)
    return { key, expression: claimsExpression(valueExpression, valueAt) }
  })
}

const httpPathText = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+"
const httpPath = new RegExp(`^${httpPathText}$`)

/** A user name made of an e-mail address that nobody has verified is nobody's name. */
function checkEmail(username: Mapping, others: readonly Expression<Claims>[], at: string): void {
  if (!('expression' in username) || !username.expression.uses('email', 'claims')) return
  if ([username.expression, ...others].some((e) => e.uses('email_verified', 'claims'))) return
  throw invalid(
    at,
    username.expression.source,
    'claims.email_verified must be used in claimMappings.username.expression or claimMappings.extra[*].valueExpression or claimValidationRules[*].expression when claims.email is used in claimMappings.username.expression',
  )
}
