import type { ServiceAccount } from '../../../apimachinery/kinds.generated.ts'
import type { ObjectMeta } from '../../../apimachinery/object.ts'
import { kind } from '../kind.ts'
import { age } from '../table.ts'

/** A reference to a secret keeps its name only. */
function cleanSecrets(account: ServiceAccount): void {
  if (account.secrets) account.secrets = account.secrets.map(({ name }) => (name === undefined ? {} : { name }))
}

const enforcing = 'kubernetes.io/enforce-mountable-secrets'
const enforcingWarning = `metadata.annotations[${enforcing}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`
const enforces = (metadata: ObjectMeta | undefined): boolean => metadata?.annotations?.[enforcing] !== undefined

export const serviceAccount = kind<ServiceAccount>({
  gvk: 'v1/ServiceAccount',
  warnings: ({ metadata }, old) => (enforces(metadata) && !enforces(old?.metadata) ? [enforcingWarning] : []),
  specFields: [],
  prepareForCreate: cleanSecrets,
  prepareForUpdate: cleanSecrets,
  cells: (account, now) => [account.metadata.name, age(account, now)],
})
