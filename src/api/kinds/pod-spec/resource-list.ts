import { formatQuantity, parseQuantity, roundUpQuantity } from '../../../apimachinery/quantity.ts'

/** Resource name → quantity. */
export type ResourceList = Record<string, string>

const plain = /^[1-9][0-9]{0,2}(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/

/** Rounds every quantity up to thousandths, which is as fine as resources are counted. In place. */
export function roundResources(list: ResourceList | undefined | null): void {
  if (!list) return
  for (const name of Object.keys(list)) {
    const text = list[name]
    if (text !== undefined && !plain.test(text)) list[name] = formatQuantity(roundUpQuantity(parseQuantity(text), -3))
  }
}

export function roundRequirements(resources: { limits?: ResourceList; requests?: ResourceList } | undefined | null): void {
  if (!resources) return
  roundResources(resources.limits)
  roundResources(resources.requests)
}

/** Adds what `from` has and `to` has not. */
export function fillResources(to: ResourceList, from: ResourceList | undefined): void {
  for (const name of Object.keys(from ?? {})) if (!Object.hasOwn(to, name)) to[name] = from?.[name] ?? '0'
}
