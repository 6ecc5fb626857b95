import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { WebhookCalls } from '../../../../src/api/admission/webhook/call.ts'
import type { Objects } from '../../../../src/api/objects.ts'

const specs: Readonly<Record<string, object>> = {
  headless: { clusterIP: 'None', ports: [{ port: 443 }] },
  other: { clusterIP: '10.43.0.9', ports: [{ port: 80 }] },
}
const objects = { get: (_: unknown, __: string, name: string) => specs[name] && { spec: specs[name] } } as unknown as Objects

for (const [name, port, expected] of [
  ['missing', undefined, 'Post "https://missing.ns.svc:443/a?timeout=10s": service "missing" not found'],
  ['missing', 8443, 'Post "https://missing.ns.svc:8443/a?timeout=10s": service "missing" not found'],
  ['headless', undefined, 'Post "https://headless.ns.svc:443/a?timeout=10s": cannot route to service with ClusterIP "None"'],
  ['other', 443, 'Post "https://other.ns.svc:443/a?timeout=10s": no service port 443 found for service "other"'],
] as const) {
  test(`a webhook behind the service ${name}:${port ?? ''} is told of under its name and port`, async () => {
    const calls = new WebhookCalls(objects)
    const service = { namespace: 'ns', name, path: '/a/', ...(port ? { port } : {}) }
    const told = await calls.ask({ service }, {}, 10_000).catch((error: Error) => error.message)
    calls.close()
    assert.is(told, expected)
  })
}

test.run()
