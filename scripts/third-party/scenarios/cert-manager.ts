import { join } from 'node:path'
import type { Place, Scenario } from '../scenario.ts'
import { renderedObjects } from './rendered.ts'

/** Where its own Secrets are: its webhooks leave that namespace alone. */
const home = 'cert-manager'
const ready = 'condition=Ready'
const csr =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIUk1Ib0NBUUF3R0RFV01CUUdBMVVFQXd3TllYTnJaV1F1WlhoaGJYQnNaVEJaTUJNR0J5cUdTTTQ5QWdFRwpDQ3FHU000OUF3RUhBMElBQkpqbVFQSlRQdTBTMW5JbGRra1JvUTljUGd3T29VeG9VQzZNMWIzL1lPc1RqWmFmCmg2WEFqWEFsZktmQ1ZlYXNCSEdxRjJ2eXY1S0orUVRTMW5QTm5meWdBREFLQmdncWhrak9QUVFEQWdOSEFEQkUKQWlBSUxoZ3BEZWN3R0I5VTFNb2Zuc0tRQkh3WnR5cmhWVXNlQ2w3ZWhTd0MyUUlnUHJpcHp2Ti8wUVkrM01lMQpuODhHQlJCMUkwUkdDU0dCVTZZVGF4ZFJ3aXM9Ci0tLS0tRU5EIENFUlRJRklDQVRFIFJFUVVFU1QtLS0tLQo='

export const certManager: Scenario = {
  name: 'cert-manager',
  namespace: 'certificates',
  shows:
    'clusterissuers,issuers,certificates,certificaterequests,secrets,ingresses,validatingwebhookconfigurations,mutatingwebhookconfigurations',
  mayDiffer: /^Certificate(Request)? .*\.metadata\.managedFields|^Secret .*\.data\.(key\.der|(key|trust)store\.(jks|p12)):/,
  setup: async ({ module, port }) => {
    const set = [`webhook.url.host=localhost:${port(0)}`, 'webhook.timeoutSeconds=30', 'crds.enabled=true']
    const objects = await renderedObjects(
      { folder: join(module, 'deploy/charts/cert-manager'), release: 'cert-manager', namespace: home, set },
      ['CustomResourceDefinition', 'ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration'],
    )
    return `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${home}}\n---\n${objects}`
  },
  programs: ({ port }: Place) => [
    { name: 'main', args: [`--namespace=${home}`, `--webhook-port=${port(0)}`, `--healthz-port=${port(1)}`] },
  ],
  steps: [
    {
      says: 'the webhooks get their authority from cainjector',
      until: [
        ['validatingwebhookconfiguration/cert-manager-webhook', 'jsonpath={.webhooks[0].clientConfig.caBundle}'],
        ['mutatingwebhookconfiguration/cert-manager-webhook', 'jsonpath={.webhooks[0].clientConfig.caBundle}'],
      ],
    },
    {
      says: 'a self-signed issuer, an authority signed by it, an issuer that uses the authority',
      apply: `
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: {name: self-signed}
spec: {selfSigned: {}}
---
${certificate('root', 'isCA: true, commonName: root, secretName: root, issuerRef: {name: self-signed, kind: ClusterIssuer}, privateKey: {algorithm: ECDSA, size: 256}')}
---
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: {name: authority}
spec: {ca: {secretName: root}}
`,
      until: [
        ['clusterissuer/self-signed', ready],
        ['certificate/root', ready],
        ['issuer/authority', ready],
        ['secret/root', 'jsonpath={.type}=kubernetes.io/tls'],
      ],
    },
    {
      says: 'certificates with durations, key kinds, usages, keystores, more output formats and a Secret template',
      apply: [
        'apiVersion: v1\nkind: Secret\nmetadata: {name: store-password}\nstringData: {password: changeit}',
        certificate('short', `${leaf('short')}, duration: 2160h, renewBefore: 360h, usages: [server auth, client auth]`),
        certificate('rotated', `${leaf('rotated')}, privateKey: {algorithm: Ed25519, rotationPolicy: Always}`),
        certificate(
          'stored',
          `${leaf('stored')}, privateKey: {algorithm: ECDSA}, keystores: {jks: {create: true, passwordSecretRef: {name: store-password, key: password}}, pkcs12: {create: true, passwordSecretRef: {name: store-password, key: password}}}`,
        ),
        certificate(
          'shaped',
          `${leaf('shaped')}, secretTemplate: {labels: {team: a}, annotations: {note: first}}, additionalOutputFormats: [{type: DER}, {type: CombinedPEM}], revisionHistoryLimit: 1`,
        ),
      ].join('\n---\n'),
      until: ['short', 'rotated', 'stored', 'shaped'].map((name) => [`certificate/${name}`, ready] as const),
    },
    {
      says: 'a Secret template that changes is applied, and what it no longer has is taken away',
      kubectl: [
        [
          'patch',
          'certificate',
          'shaped',
          '--type=merge',
          '-p',
          '{"spec":{"secretTemplate":{"labels":{"team":"b"},"annotations":null}}}',
        ],
      ],
      until: [['secret/shaped', 'jsonpath={.metadata.labels.team}=b']],
    },
    {
      says: 'other names are issued anew, once; of old requests as many stay as asked',
      kubectl: [
        ['patch', 'certificate', 'shaped', '--type=merge', '-p', '{"spec":{"dnsNames":["shaped.example","more.example"]}}'],
      ],
      until: [
        ['certificate/shaped', 'jsonpath={.status.revision}=2'],
        ['certificate/shaped', ready],
      ],
    },
    {
      says: 'a renewal by hand makes a new key where rotation is asked for',
      kubectl: [
        [
          'patch',
          'certificate',
          'rotated',
          '--subresource=status',
          '--type=json',
          '-p',
          '[{"op":"add","path":"/status/conditions/-","value":{"type":"Issuing","status":"True","reason":"ManuallyTriggered","message":"by hand","lastTransitionTime":"2026-01-01T00:00:00Z"}}]',
        ],
      ],
      until: [
        ['certificate/rotated', 'jsonpath={.status.revision}=2'],
        ['certificate/rotated', ready],
      ],
    },
    {
      says: 'a request that somebody made is approved and signed',
      apply: `
apiVersion: cert-manager.io/v1
kind: CertificateRequest
metadata: {name: asked}
spec: {request: ${csr}, issuerRef: {name: authority}, duration: 24h}
`,
      until: [
        ['certificaterequest/asked', 'condition=Approved'],
        ['certificaterequest/asked', ready],
      ],
    },
    {
      says: 'the webhook refuses a certificate of one minute',
      apply: certificate('brief', `${leaf('brief')}, duration: 1m`),
      refused:
        /admission webhook "webhook.cert-manager.io" denied the request: spec.duration: Invalid value: .*: certificate duration must be greater than 1h0m0s/,
    },
    {
      says: 'the webhook refuses to change a request',
      kubectl: [['patch', 'certificaterequest', 'asked', '--type=merge', '-p', '{"spec":{"duration":"48h"}}']],
      refused: /denied the request: spec: Forbidden: cannot change spec after creation/,
    },
    {
      says: 'a certificate whose issuer is missing waits, and is issued when the issuer comes',
      apply: certificate('patient', 'secretName: patient, dnsNames: [patient.example], issuerRef: {name: later}'),
      until: [['certificate/patient', 'condition=Ready=False']],
    },
    {
      says: 'the issuer comes',
      apply: 'apiVersion: cert-manager.io/v1\nkind: Issuer\nmetadata: {name: later}\nspec: {ca: {secretName: root}}',
      until: [['certificate/patient', ready]],
    },
    {
      says: 'an issuer without its Secret is not ready',
      apply: 'apiVersion: cert-manager.io/v1\nkind: Issuer\nmetadata: {name: broken}\nspec: {ca: {secretName: nowhere}}',
      until: [['issuer/broken', 'condition=Ready=False']],
    },
    {
      says: 'an Ingress gets a certificate of its own',
      apply: `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: site, annotations: {cert-manager.io/issuer: authority}}
spec:
  tls: [{hosts: [site.example], secretName: site-tls}]
  rules: [{host: site.example, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: site, port: {number: 80}}}}]}}]
`,
      until: [['certificate/site-tls', ready]],
    },
    {
      says: 'a Kubernetes CertificateSigningRequest is signed by an issuer',
      apply: `
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: {name: third-party-asked}
spec: {request: ${csr}, signerName: issuers.cert-manager.io/certificates.authority, usages: [digital signature, server auth]}
`,
      kubectl: [['certificate', 'approve', 'third-party-asked']],
      until: [['csr/third-party-asked', 'jsonpath={.status.certificate}']],
    },
    {
      says: 'a Secret that is deleted comes back',
      kubectl: [['delete', 'secret', 'short']],
      until: [
        ['secret/short', 'jsonpath={.data.tls\\.crt}'],
        ['certificate/short', ready],
      ],
    },
    {
      says: 'a certificate that is deleted stays deleted',
      kubectl: [['delete', 'certificate', 'stored', '--wait']],
      until: [['certificate/stored', 'delete']],
    },
  ],
}

function certificate(name: string, spec: string): string {
  return `apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: ${name}}\nspec: {${spec}}`
}

function leaf(name: string): string {
  return `secretName: ${name}, dnsNames: [${name}.example], issuerRef: {name: authority}`
}
