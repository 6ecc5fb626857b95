#!/usr/bin/env node
// Stands where controller-runtime's envtest expects a kube-apiserver, with its flags, and serves our API from memory:
//   TEST_ASSET_KUBE_APISERVER=$PWD/scripts/third-party/envtest-apiserver.ts TEST_ASSET_ETCD=$(command -v etcd) ./suite.test
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assembleApi } from '../../src/cli/assembly/api/api.ts'

// envtest asks --help whether the program is so old that it knows --insecure-port.
if (process.argv.includes('--help')) {
  process.stdout.write('a kube-apiserver for envtest: --cert-dir --client-ca-file --secure-port --bind-address\n')
  process.exit(0)
}

const data = mkdtempSync(join(tmpdir(), 'slipway-envtest-'))
const pem = (name: string) => readFileSync(join(flag('cert-dir'), name), 'utf8')
const { api, close } = await assembleApi({
  data,
  store: { kind: 'memory' },
  serviceCidr: flag('service-cluster-ip-range', '10.0.0.0/24'),
  admission: { disabled: flag('disable-admission-plugins', '').split(',').filter(Boolean) },
})
const listening = await api.listen({
  port: Number(flag('secure-port')),
  host: flag('bind-address', '127.0.0.1'),
  cert: pem('apiserver.crt'),
  key: pem('apiserver.key'),
  clientCa: readFileSync(flag('client-ca-file'), 'utf8'),
})
await new Promise((resolve) => {
  process.once('SIGINT', resolve)
  process.once('SIGTERM', resolve)
})
await listening.close()
await close()
rmSync(data, { recursive: true, force: true })
// Connections of operators that do not end theirs would keep it.
process.exit(0)

/** The value of `--name=value`, the last one. */
function flag(name: string, otherwise?: string): string {
  const given = process.argv.findLast((a) => a.startsWith(`--${name}=`))?.slice(name.length + 3) ?? otherwise
  if (given === undefined) throw new Error(`--${name}=… is required: this program is meant to be started by envtest`)
  return given
}
