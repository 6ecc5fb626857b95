/** Headers that say who asks: each line is one value, commas and all (groups are often the names of a directory: `cn=a,ou=b`). */
export const isIdentityHeader = (name: string): boolean => name.startsWith('impersonate-') || name.startsWith('x-remote-')

/** Between the lines of such a header: no line can hold it. */
export const betweenIdentities = '\n'

/** The values of a header that says who asks, whatever its name. */
export function identitiesIn(name: string, value: string | undefined): string[] {
  if (value === undefined) return []
  return value.split(isIdentityHeader(name) ? betweenIdentities : /,\s*/)
}
