import { X509Certificate } from 'node:crypto'
import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../apimachinery/field-error.ts'
import { isDns1035Label } from '../../apimachinery/names.ts'
import { webhookServiceErrors, webhookUrlErrors } from '../formats/webhook-client.ts'
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

type Service = NonNullable<WebhookClientConfig['service']>

/** The API server names the missing one of name and namespace by the other's name. */
const serviceErrors = ({ name, namespace, path: urlPath, port = 443 }: Service, path: string): FieldError[] =>
  webhookServiceErrors({ name: namespace, namespace: name, path: urlPath, port }, path)

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
