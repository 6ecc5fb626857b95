import { invalid, required } from '../../apimachinery/field-error.ts'
import { isDns1123Subdomain, regexText } from '../../apimachinery/names.ts'
import { type Errors, pushInvalid } from './errors.ts'

const pathFormat = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+"
const pathPattern = new RegExp(`^${pathFormat}$`)
const pathText = regexText('Invalid path', pathFormat)

/** `acme.io/foo`: a domain, and anything under it. */
export function checkDomainPath(value: string | undefined, at: string, errors: Errors): void {
  if (!value) {
    errors.push(required(at))
    return
  }
  const slash = value.indexOf('/')
  if (slash <= 0 || slash === value.length - 1) {
    errors.push(invalid(at, value, 'must be a domain-prefixed path (such as "acme.io/foo")'))
    return
  }
  const host = value.slice(0, slash)
  const path = value.slice(slash + 1)
  pushInvalid(errors, at, host, isDns1123Subdomain(host))
  if (!pathPattern.test(path)) errors.push(invalid(at, path, pathText))
}
