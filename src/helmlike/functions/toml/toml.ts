// TOML, as BurntSushi/toml writes it; reading covers TOML 1.0.
import type { Implementation } from '../../gotemplate/function-table.ts'
import { FunctionError } from '../../gotemplate/run.ts'
import type { Value, ValueMap } from '../../gotemplate/value.ts'
import { parseToml, TomlError } from './toml-parse.ts'
import { writeToml } from './toml-write.ts'

export const toml: { readonly [name: string]: Implementation } = {
  toToml: (v: Value) => {
    try {
      return writeToml(v)
    } catch (e) {
      if (e instanceof TomlError) return e.message
      throw e
    }
  },
  mustToToml: (v: Value) => {
    try {
      return writeToml(v)
    } catch (e) {
      throw e instanceof TomlError ? new FunctionError(e.message) : e
    }
  },
  fromToml: (s: string): ValueMap => {
    try {
      return parseToml(s)
    } catch (e) {
      if (e instanceof TomlError) return new Map([['Error', e.message]])
      throw e
    }
  },
}
