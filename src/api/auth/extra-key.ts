/** The key of a user's extra in the name of a header, where it is written as in URLs; one that is not stays as it is. */
export function extraKey(written: string): string {
  try {
    return decodeURIComponent(written)
  } catch {
    return written
  }
}
