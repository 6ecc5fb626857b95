import type { ResourceQuota } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { roundResources } from '../pod-spec/resource-list.ts'
import { dropStatus, keepOther } from '../status.ts'
import { age } from '../table.ts'
import { quotaWarnings, validateResourceQuota, validateResourceQuotaUpdate } from './resource-quota-validation.ts'

function usageCells(quota: ResourceQuota): [requests: string, limits: string] {
  const requests: string[] = []
  const limits: string[] = []
  for (const name of Object.keys(quota.status?.hard ?? {}).sort()) {
    const text = `${name}: ${quota.status?.used?.[name] ?? '0'}/${quota.status?.hard?.[name]}`
    if (name.startsWith('limits.')) limits.push(text)
    else requests.push(text)
  }
  return [requests.join(', '), limits.join(', ')]
}

export const resourceQuota = kind<ResourceQuota>({
  gvk: 'v1/ResourceQuota',
  warnings: quotaWarnings,
  specFields: [],
  validate: validateResourceQuota,
  validateUpdate: validateResourceQuotaUpdate,
  defaults: ({ spec, status }) => {
    for (const list of [spec?.hard, status?.hard, status?.used]) roundResources(list)
  },
  prepareForCreate: dropStatus,
  prepareForUpdate: keepOther,
  cells: (quota, now) => [quota.metadata.name, ...usageCells(quota), age(quota, now)],
})
