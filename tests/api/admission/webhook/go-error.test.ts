import { checkServerIdentity } from 'node:tls'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { goError, isLegacyName } from '../../../../src/api/admission/webhook/go-error.ts'

const told = (host: string, subjectaltname: string, CN = 'hook') => {
  const error = checkServerIdentity(host, { subjectaltname, subject: { CN } } as never)
  return error ? goError(error, host, '443') : ''
}

for (const [host, names, expected] of [
  ['b.ns.svc', 'DNS:a.ns.svc, DNS:a, IP Address:10.0.0.1', 'certificate is valid for a.ns.svc, a, not b.ns.svc'],
  ['10.0.0.2', 'DNS:a, IP Address:10.0.0.1', 'certificate is valid for 10.0.0.1, not 10.0.0.2'],
  ['10.0.0.2', 'DNS:a', "cannot validate certificate for 10.0.0.2 because it doesn't contain any IP SANs"],
  ['b.ns.svc', 'IP Address:10.0.0.1', 'certificate is not valid for any names, but wanted to match b.ns.svc'],
  ['b.ns.svc', '', 'certificate is not valid for any names, but wanted to match b.ns.svc'],
  ['10.0.0.2', '', "cannot validate certificate for 10.0.0.2 because it doesn't contain any IP SANs"],
] as const) {
  test(`a certificate of ${names || 'no names'} is refused for ${host} in Go's words`, () => {
    assert.is(told(host, names), `tls: failed to verify certificate: x509: ${expected}`)
  })
}

for (const [host, CN] of [
  ['10.0.0.2', '10.0.0.2'],
  ['b.ns.svc', 'B.ns.svc'],
  ['b.ns.svc', '*.ns.svc'],
] as const) {
  test(`the common name ${CN} is told of as what it is, where it would have been for ${host}`, () => {
    const error = Object.assign(new Error(), { code: 'ERR_TLS_CERT_ALTNAME_INVALID', host, cert: { subject: { CN } } })
    const message = goError(error, host, '443')
    assert.is(
      message,
      'tls: failed to verify certificate: x509: certificate relies on legacy Common Name field, use SANs instead',
    )
    assert.ok(isLegacyName(message))
  })
}

test.run()
