import { readConfigFile } from '../../../apimachinery/config-file.ts'
import { ConfigError, fields, flag, listOf, oneOf, optional, text } from '../../../apimachinery/config-shape.ts'
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
          audienceMatchPolicy: optional(oneOf('MatchAny', '')),
          egressSelectorType: optional(text),
        }),
        claimValidationRules: optional(
          listOf(
            fields({ claim: optional(text), requiredValue: optional(text), expression: optional(text), message: optional(text) }),
          ),
        ),
        claimMappings: fields({
          username: prefixed,
          groups: optional(prefixed),
          uid: optional(fields({ claim: optional(text), expression: optional(text) })),
          extra: optional(listOf(fields({ key: text, valueExpression: text }))),
        }),
        userValidationRules: optional(listOf(fields({ expression: text, message: optional(text) }))),
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

export interface AuthenticationConfiguration {
  readonly issuers: readonly JwtIssuer[]
  readonly anonymous: AnonymousLimits | undefined
}

export const allAlgorithms = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512'] as const

/** Reads the file. `disallowedIssuers`: those that the server itself is. Throws an Error that says where the file is wrong. */
export function readAuthenticationConfiguration(
  textOfFile: string,
  origin: string,
  disallowedIssuers: readonly string[],
): AuthenticationConfiguration {
  const kinds = ['v1', 'v1beta1', 'v1alpha1'].map((v) => `apiserver.config.k8s.io/${v}/AuthenticationConfiguration`)
  return readConfigFile(textOfFile, origin, kinds, (value, at) => settled(shape(value, at), disallowedIssuers))
}

function settled({ jwt = [], anonymous }: File, disallowed: readonly string[]): AuthenticationConfiguration {
  const issuers = jwt.map((entry, i) => jwtIssuer(entry, `jwt[${i}]`, disallowed))
  for (const [i, { url, discoveryUrl }] of issuers.entries()) {
    if (issuers.findIndex((o) => o.url === url) < i) throw invalid(`jwt[${i}].issuer.url`, url, 'Duplicate value')
    if (discoveryUrl && issuers.findIndex((o) => o.discoveryUrl === discoveryUrl) < i)
      throw invalid(`jwt[${i}].issuer.discoveryURL`, discoveryUrl, 'Duplicate value')
  }
  const paths = anonymous?.conditions?.map((c) => c.path)
  if (paths?.length && !anonymous?.enabled)
    throw new ConfigError('anonymous.conditions', 'enabled should be set to true when conditions are defined')
  return {
    issuers,
    anonymous: anonymous && { enabled: anonymous.enabled ?? false, ...(paths?.length ? { paths } : {}) },
  }
}

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
  const claimRules = claimValidationRules.map((rule, i) => claimRule(rule, `${at}.claimValidationRules[${i}]`))
  const extra = extraOf(claimMappings, `${mappingsAt}.extra`)
  const username = mapping(claimMappings.username, `${mappingsAt}.username`, true)
  if (!username) throw new ConfigError(`${mappingsAt}.username`, 'claim or expression is required')
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
    groups: mapping(claimMappings.groups, `${mappingsAt}.groups`, true),
    uid: mapping(claimMappings.uid, `${mappingsAt}.uid`, false),
    extra,
    requiredClaims: claimRules.flatMap((r) => ('claim' in r ? [{ claim: r.claim, value: r.value }] : [])),
    claimRules: rules,
    userRules: userValidationRules.map(({ expression, message }, i) => ({
      expression: userExpression(expression, `${at}.userValidationRules[${i}].expression`, [BOOL]),
      message: message ?? '',
    })),
  }
}

function checkIssuer(issuer: JwtFile['issuer'], at: string, disallowed: readonly string[]): void {
  checkUrl(issuer.url, `${at}.url`)
  if (disallowed.includes(issuer.url))
    throw invalid(`${at}.url`, issuer.url, `URL must not overlap with disallowed issuers: [${disallowed.join(' ')}]`)
  const { discoveryURL: discovery, audiences, audienceMatchPolicy: policy } = issuer
  if (discovery) {
    checkUrl(discovery, `${at}.discoveryURL`)
    const bare = (url: string) => url.replace(/\/+$/, '')
    if (bare(discovery) === bare(issuer.url))
      throw invalid(`${at}.discoveryURL`, discovery, 'discoveryURL must be different from URL')
  }
  if (audiences.length === 0) throw new ConfigError(`${at}.audiences`, 'at least one is required')
  if (audiences.includes('')) throw new ConfigError(`${at}.audiences`, 'must not hold an empty one')
  if (new Set(audiences).size < audiences.length) throw invalid(`${at}.audiences`, audiences, 'Duplicate value')
  if (audiences.length > 1 && policy !== 'MatchAny')
    throw invalid(`${at}.audienceMatchPolicy`, policy ?? '', 'audienceMatchPolicy must be MatchAny for multiple audiences')
  if (issuer.egressSelectorType)
    throw new ConfigError(`${at}.egressSelectorType`, 'is not supported: this server has no egress selectors')
  if (issuer.certificateAuthority && !issuer.certificateAuthority.includes('-----BEGIN CERTIFICATE-----'))
    throw new ConfigError(`${at}.certificateAuthority`, 'must hold certificates in PEM')
}

function checkUrl(url: string, at: string): void {
  if (!URL.canParse(url)) throw invalid(at, url, 'must be a URL')
  const { protocol, username, password, search, hash } = new URL(url)
  if (protocol !== 'https:') throw invalid(at, url, 'URL scheme must be https')
  if (username || password) throw new ConfigError(at, 'URL must not contain a username or password')
  if (search) throw invalid(at, url, 'URL must not contain a query')
  if (hash) throw invalid(at, url, 'URL must not contain a fragment')
}

function mapping(given: Mappings['username'] | undefined, at: string, hasPrefix: boolean): Mapping | undefined {
  const { claim, prefix, expression } = given ?? {}
  if (!claim && !expression) {
    if (prefix) throw invalid(`${at}.prefix`, prefix, 'non-empty claim name is required when prefix is set')
    return undefined
  }
  if (claim && expression) throw new ConfigError(at, "claim and expression can't both be set")
  if (expression) {
    if (prefix !== undefined) throw invalid(`${at}.prefix`, prefix, "prefix can't be set when expression is set")
    return { expression: claimsExpression(expression, `${at}.expression`) }
  }
  if (hasPrefix && prefix === undefined)
    throw new ConfigError(
      `${at}.prefix`,
      'prefix is required when claim is set. It can be set to an empty string to disable prefixing',
    )
  return { claim: claim ?? '', prefix: prefix ?? '' }
}

type ClaimRule = { readonly claim: string; readonly value: string } | { readonly rule: Rule<Claims> }

function claimRule(
  { claim, requiredValue, expression, message }: NonNullable<JwtFile['claimValidationRules']>[number],
  at: string,
): ClaimRule {
  if (claim && expression) throw invalid(at, claim, "claim and expression can't both be set")
  if (claim) {
    if (message) throw invalid(`${at}.message`, message, 'may not be specified when claim is set')
    return { claim, value: requiredValue ?? '' }
  }
  if (!expression) throw new ConfigError(at, 'claim or expression is required')
  if (requiredValue) throw invalid(`${at}.requiredValue`, requiredValue, 'may not be specified when expression is set')
  return { rule: { expression: claimsExpression(expression, `${at}.expression`, [BOOL]), message: message ?? '' } }
}

function extraOf({ extra = [] }: Mappings, at: string): JwtIssuer['extra'] {
  return extra.map(({ key, valueExpression }, i) => {
    const place = `${at}[${i}]`
    const [domain = '', ...path] = key.split('/')
    if (path.length === 0 || path.join('/') === '')
      throw invalid(`${place}.key`, key, 'must be a domain-prefixed path (such as "acme.io/foo")')
    const [problem] = isDns1123Subdomain(domain)
    if (problem) throw invalid(`${place}.key`, key, problem)
    if (key !== key.toLowerCase()) throw invalid(`${place}.key`, key, 'key must be lowercase')
    if (/(^|\.)(kubernetes|k8s)\.io$/.test(domain))
      throw invalid(`${place}.key`, key, 'k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use')
    if (extra.findIndex((e) => e.key === key) < i) throw invalid(`${place}.key`, key, 'Duplicate value')
    return { key, expression: claimsExpression(valueExpression, `${place}.valueExpression`) }
  })
}

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
