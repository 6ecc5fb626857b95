/** A container cannot be made or started as its spec asks; `reason` is what its status says while it waits. */
export class ConfigError extends Error {
  readonly reason: string

  constructor(reason: string, message: string) {
    super(message)
    this.name = 'ConfigError'
    this.reason = reason
  }
}
