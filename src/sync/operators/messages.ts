import type { PolicyRule } from '../../apimachinery/kinds.generated.ts'
import type { KeyPair } from '../../operators/webhooks/certificates.ts'
import type { WebhookDescription } from '../../operators/webhooks/served-webhooks.ts'

/** The code of an operator: text by path. */
export type Code = Readonly<Record<string, string>>

/** What is loaded. */
export interface Loaded {
  readonly code: Code
  readonly module: string
  /** The folder that has the packages it imports, as the code has them beside it; undefined: it imports none. */
  readonly packages: string | undefined
}

/** What the server tells an operator's process. */
export type ToChild =
  | ({ readonly type: 'load'; readonly egress: readonly string[] } & Loaded)
  | {
      readonly type: 'run'
      readonly server: string
      readonly ca: string
      readonly token: string
      readonly namespace: string
      /** undefined: all namespaces. */
      readonly watch: string | undefined
      readonly identity: string
    }
  | { readonly type: 'token'; readonly token: string }
  /** What its webhooks are known by from now on; told before it runs. */
  | { readonly type: 'leaf'; readonly leaf: KeyPair }
  /** Comes with a connection of somebody who asks its webhooks, which the server keeps open until it hears whether it is taken. */
  | { readonly type: 'asked'; readonly id: number }

/** What a module turned out to be. */
export interface Described {
  readonly operators: readonly {
    readonly name: string
    readonly rules: readonly PolicyRule[]
    readonly webhooks: readonly WebhookDescription[]
    readonly conversion: ConversionDescription | undefined
  }[]
}

export interface ConversionDescription {
  /** The name of the definition whose objects are converted: `databases.example.com`. */
  readonly definition: string
  /** Where reviews are answered. */
  readonly path: string
}

/** What an operator's process tells the server. Believed no more than its code. */
export type FromChild =
  | { readonly type: 'loaded'; readonly described: Described }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'running' }
  | { readonly type: 'answering'; readonly id: number; readonly isTaken: boolean }

/** A message of a process, if it is one that ours sends: code of others may have the channel too. Undefined otherwise. */
export function messageFrom(message: unknown): FromChild | undefined {
  if (!isRecord(message)) return undefined
  const { type, described, message: text, id, isTaken } = message
  if (type === 'running') return { type }
  if (type === 'answering' && typeof id === 'number') return { type, id, isTaken: isTaken === true }
  if (type === 'failed') return { type, message: String(text) }
  return type === 'loaded' && isDescribed(described) ? { type, described } : undefined
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
const isText = (value: unknown): value is string => typeof value === 'string'
const isPath = (value: unknown): boolean => isText(value) && /^\/[\w./-]+$/.test(value)

function isDescribed(value: unknown): value is Described {
  const { operators } = isRecord(value) ? value : {}
  return Array.isArray(operators) && operators.every(isDescribedOperator)
}

/** What is in a webhook is for the API to judge; where it leads is for us. */
function isDescribedOperator(value: unknown): boolean {
  if (!isRecord(value)) return false
  const { name, rules, webhooks, conversion } = value
  const isWebhook = (w: unknown) => isRecord(w) && isPath(w.path) && isRecord(w.resource) && isRecord(w.scope)
  return (
    isText(name) &&
    Array.isArray(rules) &&
    rules.every((rule) => isRecord(rule) && Array.isArray(rule.verbs)) &&
    Array.isArray(webhooks) &&
    webhooks.every(isWebhook) &&
    (conversion === undefined || (isRecord(conversion) && isText(conversion.definition) && isPath(conversion.path)))
  )
}
