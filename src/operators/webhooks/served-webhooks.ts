import type { KubeObject } from '../../apimachinery/object.ts'
import { groupResource, type Resource } from '../../apimachinery/resource.ts'
import type { Operator } from '../operator.ts'
import type { Conversion, FieldProblem, Operation, Review, WebhookPart } from './webhook.ts'

/** What is to be said of a webhook where it is registered. */
export interface WebhookDescription {
  readonly kind: 'validate' | 'mutate'
  readonly resource: Pick<Resource, 'group' | 'version' | 'resource' | 'namespaced'>
  /** Below the server's root; unique. */
  readonly path: string
  /** As its configuration names it. */
  readonly name: string
  readonly operations: readonly Operation[]
  readonly failurePolicy: 'Fail' | 'Ignore'
  readonly scope: Pick<WebhookPart<KubeObject>, 'subresource' | 'labelSelector' | 'namespaceSelector' | 'matchConditions'>
}

/** A webhook of an operator, as it is served: one for all functions that it defines. */
export interface ServedWebhook extends WebhookDescription {
  readonly resource: Resource
  readonly validate?: (
    object: KubeObject,
    review: Review<KubeObject>,
  ) => readonly FieldProblem[] | Promise<readonly FieldProblem[]>
  readonly mutate?: (draft: KubeObject, review: Review<KubeObject>) => KubeObject | undefined | Promise<KubeObject | undefined>
}

/** The conversion webhook of an operator's kind. */
export interface ServedConversion {
  readonly path: string
  readonly resource: Resource
  readonly versions: Readonly<Record<string, Conversion<KubeObject>>>
}

/** What an operator's definition says of webhooks, for admission. */
export function webhooksOf(operator: Operator): ServedWebhook[] {
  const { definition } = operator
  const own: WebhookPart<KubeObject> = {
    failurePolicy: 'Fail',
    ...(definition.validate ? { validate: definition.validate } : {}),
    ...(definition.mutate ? { mutate: definition.mutate } : {}),
  }
  const parts = [{ ...own, resource: definition.for as Resource }, ...((definition.webhooks ?? []) as unknown as Part[])]
  return parts.flatMap((part, i) => [
    ...(part.mutate ? [served(operator, part, 'mutate', i)] : []),
    ...(part.validate ? [served(operator, part, 'validate', i)] : []),
  ])
}

type Part = WebhookPart<KubeObject> & { readonly resource: Resource }

function served({ name }: Operator, part: Part, kind: ServedWebhook['kind'], index: number): ServedWebhook {
  const { resource, operations = ['CREATE', 'UPDATE'], failurePolicy = 'Ignore', validate, mutate, ...scope } = part
  const { group, resource: plural } = resource
  return {
    kind,
    resource,
    path: `/${name}/${kind}/${index}/${groupResource(resource)}`,
    // Three labels at least, as Kubernetes wants it.
    name: `${kind}-${index}.${plural}.${group || 'core'}.${name}.operators.slipway.dev`,
    operations,
    failurePolicy,
    scope,
    ...(kind === 'validate' && validate ? { validate } : {}),
    ...(kind === 'mutate' && mutate ? { mutate } : {}),
  }
}

export function conversionOf({ name, definition }: Operator): ServedConversion | undefined {
  if (!definition.convert) return undefined
  const versions = definition.convert as Readonly<Record<string, Conversion<KubeObject>>>
  return { path: `/${name}/convert/${groupResource(definition.for)}`, resource: definition.for as Resource, versions }
}
