// What `include` wrote for a chart's root context, so that the same name of the same context is not run again.
//
// Rule: an include's text is kept when nothing happened while it ran that a second run could see otherwise, and is good until
// the next such thing:
// - a change of data (set, unset, merge …) drops every text. A map that `dict` made in this render is nobody's data until some
//   data is changed (it could be put there): before that, changing it drops nothing.
// - something from outside (time, randomness, the cluster, the file's own name in .Template): what is running is not kept.
// Only root contexts count: what they lead to can be reached by nothing but changes that are seen here. Only the chart's own set
// counts: within `tpl` a name may mean another template. Beyond some nesting nothing is kept or found, so that Helm's limit on
// nested includes strikes where it would without a memo.
import type { Value, ValueMap } from './value.ts'

const MAX_NESTING = 100
const MAX_OWN = 10_000

export class IncludeMemo {
  private readonly texts = new Map<Value, Map<string, string>>()
  private readonly own = new Set<ValueMap>()
  private changes = 0
  private learned = 0
  private nesting = 0
  private isOff = false

  /** Whether data that was there before the render is no longer as it was. */
  get hasChanges(): boolean {
    return this.changes > 0
  }

  /** Counts `context` as a root context. */
  addRoot(context: ValueMap): void {
    this.texts.set(context, new Map())
  }

  /** `map` was just made, and nothing leads to it but what the template holds. */
  made(map: ValueMap): void {
    if (this.own.size >= MAX_OWN) this.own.clear()
    this.own.add(map)
  }

  /** `map` is about to be changed. */
  changing(map: ValueMap): void {
    if (this.own.has(map)) return
    this.changes++
    this.own.clear()
    for (const texts of this.texts.values()) texts.clear()
  }

  /** The template learns something that is not in the data. */
  learning(): void {
    this.learned++
  }

  /** The text of template `name` on `context`: kept from before, or made by `run`. */
  text(name: string, context: Value, run: () => string): string {
    const texts = this.isOff ? undefined : this.texts.get(context)
    const known = texts?.get(name)
    if (known !== undefined) return known
    const { changes, learned } = this
    if (++this.nesting > MAX_NESTING) this.isOff = true
    const text = run()
    this.nesting--
    if (texts && !this.isOff && changes === this.changes && learned === this.learned) texts.set(name, text)
    return text
  }
}
