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
  readonly operators: readonly { readonly name: string; readonly rules: readonly PolicyRule[] }[]
}

/** What an operator's process tells the server. Believed no more than its code. */
export type FromChild =
  | { readonly type: 'loaded'; readonly described: Described }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'running' }
