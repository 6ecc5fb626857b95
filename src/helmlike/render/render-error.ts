// The error of a chart that does not render; what it says is worked out in errors.ts, which a render that succeeds does not load.

/** A chart that does not render. The message is Helm's, `hint` is ours. */
export class RenderError extends Error {
  readonly hint: string | undefined
  /** The value that the hint tells of, as a path from the values of the whole chart. */
  readonly about: readonly string[] | undefined
  /** What the templates gave, where that is what cannot be used. */
  files: ReadonlyMap<string, string> | undefined
  constructor(message: string, hint?: string, about?: readonly string[]) {
    super(message)
    this.name = 'RenderError'
    this.hint = hint
    this.about = about
  }
}

/** A template that failed: `explained` gives the error to show. */
export class TemplateFailure extends Error {
  readonly explained: () => Promise<unknown>
  constructor(explained: () => Promise<unknown>) {
    super('a template failed')
    this.explained = explained
  }
}
