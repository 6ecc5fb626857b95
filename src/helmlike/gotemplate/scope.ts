// Which variables a place in a template sees, and in which slots of the frame they are.

export interface Variable {
  readonly name: string
  readonly slot: number
  /** Its value was found in a list or map: errors call its type `interface {}`. */
  isElement: boolean
}

/** The slot of a name that only another branch declared: it fails when it is used, as Go has it. */
export const UNDECLARED = -1

/** The visible variables, and what the dot is. */
interface View {
  readonly variables: readonly Variable[]
  readonly dotIsElement: boolean
}

export class Scope {
  /** Slots that a frame needs so far; slot 0 is `$`. */
  slots = 1
  dotIsElement = false
  private variables: Variable[] = [{ name: '$', slot: 0, isElement: false }]

  lookup(name: string): Variable {
    return this.variables.findLast((v) => v.name === name) ?? { name, slot: UNDECLARED, isElement: false }
  }

  declare(name: string): Variable {
    const v = { name, slot: this.slots++, isElement: false }
    this.variables.push(v)
    return v
  }

  view(): View {
    return { variables: [...this.variables], dotIsElement: this.dotIsElement }
  }

  /** Runs `f` with this view, which it may add variables to; afterwards everything is as before. */
  within<T>(view: View, f: () => T): T {
    const { variables, dotIsElement } = this
    this.variables = [...view.variables]
    this.dotIsElement = view.dotIsElement
    const result = f()
    this.variables = variables
    this.dotIsElement = dotIsElement
    return result
  }
}
