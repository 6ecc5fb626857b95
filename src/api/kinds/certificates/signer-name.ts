import { invalid, required, tooLong } from '../../../apimachinery/field-error.ts'
import { isDns1123Label, isDns1123Subdomain, isLonger, type Problems } from '../../../apimachinery/names.ts'
import type { Errors } from '../errors.ts'

/** Only the first label that is wrong counts. */
function checkLabels(segment: string, rule: (label: string) => Problems, at: string, errors: Errors): void {
  for (const label of segment.split('.')) {
    const problems = rule(label)
    for (const problem of problems) errors.push(invalid(at, segment, `validating label ${JSON.stringify(label)}: ${problem}`))
    if (problems.length > 0) return
  }
}

/** `example.com/signer-name` */
export function checkSignerName(name: string | undefined, at: string, errors: Errors): void {
  if (!name) {
    errors.push(required(at))
    return
  }
  const [domain = '', path = '', ...more] = name.split('/')
  if (more.length > 0 || !name.includes('/')) {
    const text = "must be a fully qualified domain and path of the form 'example.com/signer-name'"
    errors.push(invalid(at, name, text))
    return
  }
  if (isLonger(domain, 253)) errors.push(tooLong(at, 253))
  checkLabels(domain, isDns1123Label, at, errors)
  if (!domain.includes('.')) errors.push(invalid(at, domain, 'should be a domain with at least two segments separated by dots'))
  checkLabels(path, isDns1123Subdomain, at, errors)
  if (isLonger(name, 253 + 1 + 253 + 63 + 1)) errors.push(tooLong(at, 253 + 1 + 253 + 63 + 1))
}
