/** Text that is no YAML. `line` counts from 1; 0 when unknown. The message is go-yaml's. */
export class YamlError extends Error {
  readonly line: number
  constructor(what: string, line = 0) {
    super(line > 0 ? `yaml: line ${line}: ${what}` : `yaml: ${what}`)
    this.name = 'YamlError'
    this.line = line
  }

  /** With this message and nothing before it. */
  static plain(message: string): YamlError {
    const e = new YamlError('')
    e.message = message
    return e
  }
}
