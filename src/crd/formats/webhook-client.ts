import { type FieldError, invalid, required } from '../../apimachinery/field-error.ts'
import { isDns1123Subdomain, isPortNumber } from '../../apimachinery/names.ts'
import { parseUrl } from './go-url.ts'

const form = '; desired format: https://host[/path]'

/** A webhook's URL: https, with a host, without user, fragment and query (ValidateWebhookURL). */
export function webhookUrlErrors(text: string, path: string): FieldError[] {
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

interface WebhookService {
  readonly name: string | undefined
  readonly namespace: string | undefined
  readonly path: string | undefined
  readonly port: number
}

/** The service that a webhook runs behind (ValidateWebhookService). */
export function webhookServiceErrors({ name, namespace, path, port }: WebhookService, at: string): FieldError[] {
  const errors: FieldError[] = []
  if (!name) errors.push(required(`${at}.name`))
  if (!namespace) errors.push(required(`${at}.namespace`))
  const portProblems = isPortNumber(port)
  if (portProblems.length > 0) errors.push(invalid(`${at}.port`, port, `port is not valid: ${portProblems.join(', ')}`))
  return path === undefined ? errors : [...errors, ...urlPathErrors(path, `${at}.path`)]
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
