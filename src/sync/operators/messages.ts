import type { PolicyRule } from '../../apimachinery/kinds.generated.ts'

/** The code of an operator: text by path. */
export type Code = Readonly<Record<string, string>>

/** What the server tells an operator's process. */
export type ToChild =
  | { readonly type: 'load'; readonly code: Code; readonly module: string; readonly egress: readonly string[] }
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

/** What a module turned out to be. */
export interface Described {
  readonly operators: readonly {
    readonly name: string
    readonly rules: readonly PolicyRule[]
    /** It validates, mutates or converts: that is not done in the server. */
    readonly hasWebhooks: boolean
  }[]
}

/** Why what was described cannot run in the server; undefined when it can. */
export function unservable({ operators }: Described): string | undefined {
  const asked = operators.filter((o) => o.hasWebhooks).map((o) => o.name)
  if (asked.length === 0) return undefined
  return `${asked.join(', ')} validates, mutates or converts, which an operator in the server cannot: say rules in the schema, or package it as an image`
}

/** What an operator's process tells the server. Believed no more than its code. */
export type FromChild =
  | { readonly type: 'loaded'; readonly described: Described }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'running' }
