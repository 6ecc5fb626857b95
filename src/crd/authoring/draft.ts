import type { Json, JsonSchema, ValidationRule } from '../schema/json-schema.ts'

/** Behind every schema of `schema.ts`: an immutable definition, and all that any of them can be told. */
export class Draft {
  readonly json: JsonSchema
  readonly presence: 'required' | 'optional' | 'defaulted'

  constructor(json: JsonSchema, presence: Draft['presence']) {
    this.json = json
    this.presence = presence
  }

  #with(more: JsonSchema, presence: Draft['presence'] = this.presence): Draft {
    return new Draft({ ...this.json, ...more }, presence)
  }

  optional(): Draft {
    return this.#with({}, 'optional')
  }
  default(value: Json): Draft {
    return this.#with({ default: value }, 'defaulted')
  }
  nullable(): Draft {
    return this.#with({ nullable: true })
  }
  describe(description: string): Draft {
    return this.#with({ description })
  }
  rule(rule: string, said: string | Omit<ValidationRule, 'rule'>): Draft {
    const more = typeof said === 'string' ? { message: said } : said
    return this.#with({ 'x-kubernetes-validations': [...(this.json['x-kubernetes-validations'] ?? []), { rule, ...more }] })
  }
  enum(...values: readonly Json[]): Draft {
    return this.#with({ enum: values })
  }
  min(minimum: number): Draft {
    return this.#with({ minimum })
  }
  max(maximum: number): Draft {
    return this.#with({ maximum })
  }
  multipleOf(multipleOf: number): Draft {
    return this.#with({ multipleOf })
  }
  format(format: string): Draft {
    return this.#with({ format })
  }
  minLength(minLength: number): Draft {
    return this.#with({ minLength })
  }
  maxLength(maxLength: number): Draft {
    return this.#with({ maxLength })
  }
  /** Flags have no place in a definition: a pattern that has some is a mistake. */
  pattern(regex: RegExp | string): Draft {
    if (typeof regex !== 'string' && regex.flags !== '') throw new Error(`pattern ${regex}: a definition knows no flags`)
    return this.#with({ pattern: typeof regex === 'string' ? regex : regex.source })
  }
  minItems(minItems: number): Draft {
    return this.#with({ minItems })
  }
  maxItems(maxItems: number): Draft {
    return this.#with({ maxItems })
  }
  set(): Draft {
    return this.#with({ 'x-kubernetes-list-type': 'set' })
  }
  mapBy(...keys: readonly string[]): Draft {
    return this.#with({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys })
  }
  maxProperties(maxProperties: number): Draft {
    return this.#with({ maxProperties })
  }
  open(): Draft {
    return this.#with({ 'x-kubernetes-preserve-unknown-fields': true })
  }
}
