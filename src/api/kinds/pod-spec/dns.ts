import { invalid, required } from '../../../apimachinery/field-error.ts'
import type { HostAlias, PodSpec } from '../../../apimachinery/kinds.generated.ts'
import { isDns1123SubdomainWithUnderscore, isLonger } from '../../../apimachinery/names.ts'
import { checkSubdomain, type Errors, pushInvalid } from '../errors.ts'
import { checkLegacyIp } from '../ip.ts'

export function validateDns({ dnsConfig: config, dnsPolicy }: PodSpec, at: string, errors: Errors): void {
  if (dnsPolicy === 'None') {
    const text = 'when `dnsPolicy` is None'
    if (!config) {
      errors.push(required(at, `must provide \`dnsConfig\` ${text}`))
      return
    }
    if (!config.nameservers?.length) {
      errors.push(required(`${at}.nameservers`, `must provide at least one DNS nameserver ${text}`))
      return
    }
  }
  if (!config) return
  const { nameservers = [], searches = [], options = [] } = config
  if (nameservers.length > 3) errors.push(invalid(`${at}.nameservers`, nameservers, 'must not have more than 3 nameservers'))
  nameservers.forEach((ip, i) => {
    checkLegacyIp(ip, `${at}.nameservers[${i}]`, errors)
  })
  if (searches.length > 32) errors.push(invalid(`${at}.searches`, searches, 'must not have more than 32 search paths'))
  if (isLonger(searches.join(' '), 2048)) {
    const text = 'must not have more than 2048 characters (including spaces) in the search list'
    errors.push(invalid(`${at}.searches`, searches, text))
  }
  searches.forEach((search, i) => {
    if (search === '.') return
    const name = search.endsWith('.') ? search.slice(0, -1) : search
    pushInvalid(errors, `${at}.searches[${i}]`, name, isDns1123SubdomainWithUnderscore(name))
  })
  options.forEach(({ name }, i) => {
    if (!name) errors.push(required(`${at}.options[${i}]`, 'must not be empty'))
  })
}

export function validateHostAliases(aliases: readonly HostAlias[], at: string, errors: Errors): void {
  aliases.forEach(({ ip, hostnames }, i) => {
    checkLegacyIp(ip ?? '', `${at}[${i}].ip`, errors)
    hostnames?.forEach((name, j) => {
      checkSubdomain(name, `${at}[${i}].hostnames[${j}]`, errors)
    })
  })
}
