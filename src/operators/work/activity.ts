/** Which keys are being worked on. */
export interface Activity {
  begin(key: string): void
  end(key: string): void
  readonly keys: ReadonlySet<string>
  /** Resolves when none of the keys that run and that `matters` says runs any more. */
  rested(matters?: (key: string) => boolean): Promise<void>
}

export function createActivity(): Activity {
  const keys = new Set<string>()
  let changed = Promise.withResolvers<void>()
  return {
    keys,
    begin: (key) => void keys.add(key),
    end(key) {
      keys.delete(key)
      changed.resolve()
      changed = Promise.withResolvers()
    },
    async rested(matters = () => true) {
      while ([...keys].some(matters)) await changed.promise
    },
  }
}
