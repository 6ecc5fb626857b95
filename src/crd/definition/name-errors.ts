import { type FieldError, invalid, required } from '../../apimachinery/field-error.ts'
import { isDns1035Label, isDns1123Subdomain, type Problems } from '../../apimachinery/names.ts'
import type { CustomResourceDefinition, DefinitionNames } from './definition.ts'

/** What is wrong with the name of a definition: the `nameRule` of its metadata. */
export const definitionNameRule =
  ({ spec }: CustomResourceDefinition) =>
  (name: string): Problems => {
    const problems = isDns1123Subdomain(name)
    const { group = '', names } = spec
    return name === `${names?.plural ?? ''}.${group}` ? problems : [...problems, 'must be spec.names.plural+"."+spec.group']
  }

export function groupErrors(group: string): FieldError[] {
  if (group === '') return [required('spec.group')]
  const problems = isDns1123Subdomain(group)
  if (problems.length > 0) return [invalid('spec.group', group, problems.join(','))]
  return group.includes('.') ? [] : [invalid('spec.group', group, 'should be a domain with at least one dot')]
}

/** What spec.names must have; status.acceptedNames need not. */
export const missingNameErrors = (names: DefinitionNames): FieldError[] =>
  (['plural', 'singular', 'kind', 'listKind'] as const).filter((key) => !names[key]).map((key) => required(`spec.names.${key}`))

export function namesErrors(names: DefinitionNames, path: string): FieldError[] {
  const errors: FieldError[] = []
  const check = (value: string, field: string, text = value, before = ''): void => {
    const problems = isDns1035Label(text)
    if (problems.length > 0) errors.push(invalid(`${path}.${field}`, value, `${before}${problems.join(',')}`))
  }
  if (names.plural) check(names.plural, 'plural')
  if (names.singular) check(names.singular, 'singular')
  const mixedCase = 'may have mixed case, but should otherwise match: '
  if (names.kind) check(names.kind, 'kind', names.kind.toLowerCase(), mixedCase)
  if (names.listKind) check(names.listKind, 'listKind', names.listKind.toLowerCase(), mixedCase)
  for (const [i, name] of (names.shortNames ?? []).entries()) check(name, `shortNames[${i}]`)
  if (names.kind && names.kind === names.listKind) {
    errors.push(invalid(`${path}.listKind`, names.listKind, 'kind and listKind may not be the same'))
  }
  for (const [i, name] of (names.categories ?? []).entries()) check(name, `categories[${i}]`)
  return errors
}
