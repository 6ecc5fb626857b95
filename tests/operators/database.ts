// An operator as users write them, for tests: a database of a StatefulSet, a Service, a Secret and, when asked for, a CronJob.
import type { KubeObject, ObjectMeta } from '../../src/apimachinery/object.ts'
import type { Resource } from '../../src/apimachinery/resource.ts'
import { defineOperator, type OperatorDefinition } from '../../src/operators/operator.ts'
import { token } from '../../src/operators/token.ts'

export interface Database extends KubeObject {
  spec: { replicas: number; backup?: string }
  status?: { ready?: number; observedGeneration?: number; conditions?: { type: string; status: string; message?: string }[] }
}

export const Database: Resource<Database> = {
  group: 'example.dev',
  version: 'v1',
  resource: 'databases',
  kind: 'Database',
  namespaced: true,
}

export const databaseCrd = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: databases.example.dev
spec:
  group: example.dev
  names: { plural: databases, singular: database, kind: Database, listKind: DatabaseList }
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      subresources: { status: {} }
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              properties:
                replicas: { type: integer }
                backup: { type: string }
            status:
              type: object
              x-kubernetes-preserve-unknown-fields: true
`

export const database = (name: string, spec: Partial<Database['spec']> = {}, metadata: ObjectMeta = {}): Database => ({
  apiVersion: 'example.dev/v1',
  kind: 'Database',
  metadata: { name, namespace: 'default', ...metadata },
  spec: { replicas: 1, ...spec },
})

export const databaseOperator = (part: Partial<OperatorDefinition<Database>> = {}) =>
  defineOperator<Database>({
    for: Database,
    owns: ['StatefulSet', 'Service', 'Secret', 'CronJob'],
    async reconcile({ object: db, child, observed, once }) {
      const app = { app: db.metadata.name }
      const secret = child('Secret', { stringData: await once('auth', () => ({ password: token(24) })) })
      child('Service', { spec: { clusterIP: 'None', selector: app, ports: [{ port: 5432 }] } })
      const container = { name: 'db', image: 'postgres:17', envFrom: [{ secretRef: { name: secret.name } }] }
      const set = child('StatefulSet', {
        spec: {
          replicas: db.spec.replicas,
          serviceName: db.metadata.name,
          selector: { matchLabels: app },
          template: { metadata: { labels: app }, spec: { containers: [container] } },
        },
      })
      if (db.spec.backup) {
        const pod = { restartPolicy: 'Never' as const, containers: [{ name: 'backup', image: 'postgres:17' }] }
        const jobTemplate = { metadata: {}, spec: { template: { metadata: {}, spec: pod } } }
        child('CronJob', { spec: { schedule: db.spec.backup, jobTemplate } })
      }
      const ready = observed(set)?.status?.readyReplicas ?? 0
      return { status: { ready, Ready: ready === db.spec.replicas || `${ready} of ${db.spec.replicas} up` } }
    },
    ...part,
  })
