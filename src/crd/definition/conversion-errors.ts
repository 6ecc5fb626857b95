import { X509Certificate } from 'node:crypto'
import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../apimachinery/field-error.ts'
import { isDns1035Label, isDns1123Subdomain, isPortNumber } from '../../apimachinery/names.ts'
import { parseUrl } from '../formats/go-url.ts'
import { atIndex } from '../schema/path.ts'
import type { Conversion, WebhookClientConfig } from './definition.ts'

/** Versions of ConversionReview that the API server speaks. */
const REVIEW_VERSIONS: readonly string[] = ['v1', 'v1beta1']

export interface ConversionOptions {
  readonly requireKnownReviewVersion: boolean
  readonly allowInvalidCaBundle: boolean
}

export function conversionErrors(conversion: Conversion, options: ConversionOptions): FieldError[] {
  const { strategy, webhook } = conversion
  const clientAt = 'spec.conversion.webhookClientConfig'
  const versionsAt = 'spec.conversion.conversionReviewVersions'
  const errors = strategyErrors(strategy ?? '')
  if (strategy === 'Webhook') {
    if (webhook?.clientConfig === undefined) errors.push(required(clientAt, 'required when strategy is set to Webhook'))
    else errors.push(...clientErrors(webhook.clientConfig, clientAt, options))
    errors.push(...reviewVersionErrors(webhook?.conversionReviewVersions ?? [], versionsAt, options))
    return errors
  }
  const detail = 'should not be set when strategy is not set to Webhook'
  if (webhook?.clientConfig !== undefined) errors.push(forbiddenField(clientAt, detail))
  if (webhook?.conversionReviewVersions?.length) errors.push(forbiddenField(versionsAt, detail))
  return errors
}

function strategyErrors(strategy: string): FieldError[] {
  const path = 'spec.conversion.strategy'
  if (strategy === '') return [required(path)]
  const known = ['None', 'Webhook']
  return known.includes(strategy) ? [] : [notSupported(path, strategy, known)]
}

function clientErrors({ url, service, caBundle }: WebhookClientConfig, path: string, options: ConversionOptions): FieldError[] {
  const errors: FieldError[] = []
  if ((url === undefined) === (service === undefined)) errors.push(required(path, 'exactly one of url or service is required'))
  else if (url !== undefined) errors.push(...webhookUrlErrors(url, `${path}.url`))
  else if (service !== undefined) errors.push(...serviceErrors(service, `${path}.service`))
  if (!caBundle || options.allowInvalidCaBundle) return errors
  const problem = caBundleProblem(caBundle)
  return problem === undefined ? errors : [...errors, invalid(`${path}.caBundle`, caBundle, problem)]
}

/** A webhook's URL: https, with a host, without user, fragment and query. */
function webhookUrlErrors(text: string, path: string): FieldError[] {
  const form = '; desired format: https://host[/path]'
  let url: ReturnType<typeof parseUrl>
  try {
    url = parseUrl(text)
  } catch (error) {
    return [required(path, `url must be a valid URL: ${(error as Error).message}${form}`)]
  }
  const errors: FieldError[] = []
  if (url.scheme !== 'https') errors.push(invalid(path, url.scheme, `'https' is the only allowed URL scheme${form}`))
  if (url.host === '') errors.push(invalid(path, '', `host must be specified${form}`))
  if (url.user !== undefined) errors.push(invalid(path, url.user, 'user information is not permitted in the URL'))
  if (url.fragment !== '') errors.push(invalid(path, url.fragment, 'fragments are not permitted in the URL'))
  if (url.rawQuery !== '') errors.push(invalid(path, url.rawQuery, 'query parameters are not permitted in the URL'))
  return errors
}

type Service = NonNullable<WebhookClientConfig['service']>

/** The API server names the missing one of name and namespace by the other's name. */
function serviceErrors({ name, namespace, path: urlPath, port = 443 }: Service, path: string): FieldError[] {
  const errors: FieldError[] = []
  if (!namespace) errors.push(required(`${path}.name`))
  if (!name) errors.push(required(`${path}.namespace`))
  const portProblems = isPortNumber(port)
  if (portProblems.length > 0) errors.push(invalid(`${path}.port`, port, `port is not valid: ${portProblems.join(', ')}`))
  return urlPath === undefined ? errors : [...errors, ...urlPathErrors(urlPath, `${path}.path`)]
}

function urlPathErrors(text: string, path: string): FieldError[] {
  if (text === '/' || text === '') return []
  if (text === '//') return [invalid(path, text, 'segment[0] may not be empty')]
  const errors = text.startsWith('/') ? [] : [invalid(path, text, "must start with a '/'")]
  for (const [i, step] of text.slice(1).replace(/\/$/, '').split('/').entries()) {
    if (step === '') errors.push(invalid(path, text, `segment[${i}] may not be empty`))
    else for (const problem of isDns1123Subdomain(step)) errors.push(invalid(path, text, `segment[${i}]: ${problem}`))
  }
  return errors
}

const PEM_BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----\s[\s\S]*?-----END \1-----/g

/** Why no certificate authorities can be read from base64 of PEM. */
export function caBundleProblem(base64: string): string | undefined {
  const blocks = Buffer.from(base64, 'base64').toString('latin1').match(PEM_BLOCK) ?? []
  const certificates = blocks.filter((block) => block.startsWith('-----BEGIN CERTIFICATE-----'))
  const failures = certificates.map(certificateProblem)
  if (failures.includes(undefined)) return undefined
  const why = failures[0] ?? 'unable to parse bytes as PEM block'
  return `unable to load root certificates: ${why}`
}

function certificateProblem(block: string): string | undefined {
  try {
    new X509Certificate(block)
    return undefined
  } catch {
    return 'failed to parse certificate: x509: malformed certificate'
  }
}

function reviewVersionErrors(versions: readonly string[], path: string, options: ConversionOptions): FieldError[] {
  if (versions.length === 0) return [required(path)]
  const errors = versions.flatMap((version, i) => {
    if (versions.indexOf(version) < i) return [invalid(atIndex(path, i), version, 'duplicate version')]
    return isDns1035Label(version).map((problem) => invalid(atIndex(path, i), version, problem))
  })
  if (options.requireKnownReviewVersion && !hasKnownReviewVersion(versions)) {
    errors.push(invalid(path, versions, `must include at least one of ${REVIEW_VERSIONS.join(', ')}`))
  }
  return errors
}

export const hasKnownReviewVersion = (versions: readonly string[]): boolean =>
  versions.some((version) => REVIEW_VERSIONS.includes(version))
