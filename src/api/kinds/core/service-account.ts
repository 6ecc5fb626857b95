import type { ServiceAccount } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { age } from '../table.ts'

/** A reference to a secret keeps its name only. */
function cleanSecrets(account: ServiceAccount): void {
  if (account.secrets) account.secrets = account.secrets.map(({ name }) => (name === undefined ? {} : { name }))
}

export const serviceAccount = kind<ServiceAccount>({
  gvk: 'v1/ServiceAccount',
  specFields: [],
  prepareForCreate: cleanSecrets,
  prepareForUpdate: cleanSecrets,
  cells: (account, now) => [account.metadata.name, age(account, now)],
})
