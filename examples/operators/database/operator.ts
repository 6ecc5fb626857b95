import { customResource, defineOperator, type ObjectOf, resourceOf, schema, token } from 'slipway/operators'

export const Database = customResource({
  group: 'example.com',
  version: 'v1',
  kind: 'Database',
  shortNames: ['db'],
  spec: schema
    .object({
      version: schema.enum('16', '17', '18').default('17'),
      replicas: schema.integer().min(1).max(5).default(1),
      storage: schema.quantity().default('1Gi'),
      backup: schema
        .object({ schedule: schema.string().default('0 3 * * *'), keep: schema.integer().min(1).default(7) })
        .optional(),
    })
    .rule('int(self.version) >= int(oldSelf.version)', {
      message: 'data cannot go back to an older version',
      fieldPath: '.version',
    }),
  status: schema.object({ version: schema.string(), ready: schema.integer() }),
  columns: { Version: '.status.version', Replicas: '.spec.replicas', Ready: '.status.ready' },
  scale: { spec: '.spec.replicas', status: '.status.ready' },
})
export type Database = ObjectOf<typeof Database>

const nameOf = (db: Database): string => db.metadata.name ?? ''
const fromSecret = (db: Database) => ({ secretKeyRef: { name: nameOf(db), key: 'password' } })

/** The pods of the database, running `version`. */
function server(db: Database, version: string) {
  const labels = { app: nameOf(db) }
  const container = {
    name: 'postgres',
    image: `postgres:${version}`,
    ports: [{ name: 'postgres', containerPort: 5432 }],
    env: [{ name: 'POSTGRES_PASSWORD', valueFrom: fromSecret(db) }],
    volumeMounts: [{ name: 'data', mountPath: '/var/lib/postgresql' }],
    readinessProbe: { exec: { command: ['pg_isready', '-U', 'postgres'] } },
  }
  const data = { accessModes: ['ReadWriteOnce' as const], resources: { requests: { storage: String(db.spec.storage) } } }
  return {
    replicas: db.spec.replicas,
    serviceName: nameOf(db),
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [container] } },
    volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: data }],
  }
}

/** A pod that backs the database up once. */
function backup(db: Database) {
  const args = ['--host', nameOf(db), '--keep', String(db.spec.backup?.keep ?? 1)]
  const env = [{ name: 'PGPASSWORD', valueFrom: fromSecret(db) }]
  const container = { name: 'backup', image: 'example.com/backup:1', args, env }
  return { metadata: { labels: { backup: nameOf(db) } }, spec: { restartPolicy: 'Never' as const, containers: [container] } }
}

export default defineOperator({
  for: Database,
  owns: ['StatefulSet', 'Service', 'Secret', 'CronJob', 'Job'],

  async reconcile({ object: db, child, observed, once }) {
    const { replicas, version: wanted } = db.spec
    const labels = { app: nameOf(db) }
    child('Secret', { stringData: await once('password', () => ({ password: token(24) })) })
    child('Service', { spec: { clusterIP: 'None', selector: labels, ports: [{ name: 'postgres', port: 5432 }] } })
    if (db.spec.backup) {
      const jobTemplate = { metadata: {}, spec: { template: backup(db) } }
      child('CronJob', { spec: { schedule: db.spec.backup.schedule, concurrencyPolicy: 'Forbid', jobTemplate } })
    }

    let version = db.status?.version ?? wanted
    if (version !== wanted) {
      const job = child('Job', { metadata: { name: `${nameOf(db)}-before-${wanted}` }, spec: { template: backup(db) } })
      if (observed(job)?.status?.succeeded) version = wanted
    }
    const set = child('StatefulSet', { spec: server(db, version) })

    const ready = observed(set)?.status?.readyReplicas ?? 0
    const Ready = version !== wanted ? `backs up before ${wanted}` : ready === replicas || `${ready} of ${replicas} are up`
    return { status: { version, ready, Ready } }
  },

  async finalize({ object: db, client, signal, event }) {
    if (!db.spec.backup) return
    const { namespace = '' } = db.metadata
    const metadata = { name: `${nameOf(db)}-last`, namespace }
    const last = { metadata, spec: { template: backup(db) } }
    await client.apply(resourceOf('Job'), last, { fieldManager: 'database', force: true })
    event('Normal', 'LastBackup', 'The database goes when its last backup is done')
    const watch = { namespace, fieldSelector: `metadata.name=${metadata.name}`, sendInitialEvents: true, signal } as const
    const events = client.watch(resourceOf('Job'), { ...watch, resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: true })
    for await (const batch of events)
      if (batch.some((e) => (e.object as { status?: { succeeded?: number } }).status?.succeeded)) return
  },
})
