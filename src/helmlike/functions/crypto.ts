import type { Implementation } from '../gotemplate/function-table.ts'
export const crypto: { readonly [name: string]: Implementation } = {}
