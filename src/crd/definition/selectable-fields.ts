import { numberText } from '../../apimachinery/number-text.ts'
import { parseFieldPath } from '../jsonpath.ts'
import type { JsonObject } from '../schema/json-schema.ts'
import type { DefinitionVersion } from './definition.ts'

/** Reads the fields of an object that field selectors may name, beside metadata.name and metadata.namespace. */
type FieldReader = (object: JsonObject) => Record<string, string>

/** The reader of the selectable fields of `version`. Fields that are not there are ''. */
export function selectableFieldReader(version: DefinitionVersion): FieldReader {
  const fields = (version.selectableFields ?? []).map(({ jsonPath = '' }) => ({
    name: jsonPath.replace(/^\./, ''),
    path: parseFieldPath(jsonPath),
  }))
  return (object) =>
    Object.fromEntries(
      fields.map(({ name, path }) => {
        const value = path.find(object)[0]?.[0]
        if (value === undefined || value === null) return [name, '']
        return [name, typeof value === 'number' ? numberText(value) : String(value)]
      }),
    )
}
