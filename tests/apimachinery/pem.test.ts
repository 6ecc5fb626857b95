import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { certificatesProblem, pemType } from '../../src/apimachinery/pem.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const block = (type: string, body: string): string => `-----BEGIN ${type}-----\n${body}\n-----END ${type}-----\n`
/** Self-signed, for localhost. */
const certificate =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSURGekNDQWYrZ0F3SUJBZ0lVTThPY2JkTkhiRzIwbVYyUjVkb2YyOTFJVkk4d0RRWUpLb1pJaHZjTkFRRUwKQlFBd0RURUxNQWtHQTFVRUF3d0NkMmd3SGhjTk1qWXhNVEk1TWpJek16QTNXaGNOTWpZeE1qSTVNakl6TXpBMwpXakFOTVFzd0NRWURWUVFEREFKM2FEQ0NBU0l3RFFZSktvWklodmNOQVFFQkJRQURnZ0VQQURDQ0FRb0NnZ0VCCkFLcFl3WXBPSkpEVDJScDRoOFByQVhMUlFXY29DQlE0UEJlcmQwenNxYWQxbk9BK0d6VVRLWDRUTmxXZkpVMGYKOVJEelJkOFdlZTNEVzhOTGd0Szc2YkVLZnZrcmpFaHJiTThEWXJlRFZYQjU0cTNSUUtnNGYwZzJFcW5pMXl5QwpYL2NBdkNMYVpzQXplT2RKSE1IOThwZ2wzMXF3anN4Z3dPTFhDM0NCdFlhY2hLRnJaZ3dVaENVL1ZOVmJsUll5CmNpM2pUdGUyMDVGZnpzUzBaT3BHdjVXVDhlanhsdHJ3YVU1UkF5ZFE5NHJxR2g3SDkzNnM2TG9vNUUzZm15cHcKQlVHbG14TnVmRTRFY0I0SmYrRlFOMGdzZ0JsTDAzTk8vMjNwRWhJK2hFajUwS0xDRzdDaUxBRjVrMnMxRmMregp2OTVtRDBNWkY0Nk5lOTcra1E2Q1ptOENBd0VBQWFOdk1HMHdIUVlEVlIwT0JCWUVGTWl4c1k5UlNWSHdncVVzCmZiM3czK0g0aHZsck1COEdBMVVkSXdRWU1CYUFGTWl4c1k5UlNWSHdncVVzZmIzdzMrSDRodmxyTUE4R0ExVWQKRXdFQi93UUZNQU1CQWY4d0dnWURWUjBSQkJNd0VZY0Vmd0FBQVlJSmJHOWpZV3hvYjNOME1BMEdDU3FHU0liMwpEUUVCQ3dVQUE0SUJBUUNSY2JPVmxFOHEvazA3ZVhEWCs1YnJHQWUyYmdGcFVvZXhBakRqbG16dG5VV0FpMjRaCnNVV0g1ZjVTT2pYUS9vSFJyYm9yaW81d1M4MnQva2kxV09mZFVkNUlkNDJYZ0VyWXliV09SQzJFTEFIMXpuL20KM252bTdIa3RaTUNkWDBOclRTVHU2YmU2VGpoYUFUYm1YRUZSSmZXaXJpL0RQOU9ITVJ5NWFjc2VqWS94WHhhUQpJUnZmR0prOVVub0lkd2I4MEJsVTVudi9xd211ckdMRUVSWFB3MXJmTmxlREZJVy9LVVBENU9lakh3MnJlc0p1CnFzYXVkYk5DRUpNc1Z3cGFZajJnQnQzL0ZNUjVnS3RsZzJRcGdTbzFicEcvV09reTBPdjh4d3lWeitVVDRuSDEKOUNFREFVeFZDNUhMeE9nSTlNcVoxM1QyL1E5cGNvTTQ4YWpsCi0tLS0tRU5EIENFUlRJRklDQVRFLS0tLS0K'

test('a text of PEM is of the type of its first block', () => {
  assert.is(pemType(certificate), 'CERTIFICATE')
  assert.is(pemType(base64('x')), undefined)
})

// Texts are those of kube-apiserver 1.36.3.
test('certificates in PEM are blocks of certificates only, each of which can be read', () => {
  assert.is(certificatesProblem(certificate), undefined)
  assert.is(certificatesProblem(base64('x')), 'must contain at least one CERTIFICATE PEM block')
  assert.is(certificatesProblem(base64(block('CERTIFICATE', 'MIIB'))), 'x509: malformed certificate')
  const twice = Buffer.from(certificate, 'base64').toString() + block('PRIVATE KEY', 'MIIB')
  assert.is(certificatesProblem(base64(twice)), 'only CERTIFICATE PEM blocks are allowed, found "PRIVATE KEY"')
  assert.is(certificatesProblem(base64(block('CERTIFICATE', 'a: b\n\nMIIB'))), 'no PEM block headers are permitted')
})

test('a text of beginnings without an end is read in time that grows as it does', () => {
  const started = performance.now()
  assert.is(pemType(base64('-----BEGIN A-----\n'.repeat(100_000))), undefined)
  assert.is(pemType(base64(`${'-----BEGIN A-----\n'.repeat(100_000)}-----END B-----`)), undefined)
  assert.ok(performance.now() - started < 2000)
})

test.run()
