// What a template starts from: Values, Release, Chart … and Template, which says which file is running.
import type { IncludeMemo } from '../gotemplate/include-memo.ts'
import { TypedMap, type Value } from '../gotemplate/value.ts'

const TEMPLATE = 'Template'

/** One a chart, for all its files: only Template changes from file to file, so whoever reads it tells the memo. */
export class RootContext extends TypedMap {
  private readonly memo: IncludeMemo

  constructor(entries: Iterable<readonly [string, Value]>, memo: IncludeMemo) {
    super('common.Values', entries)
    this.memo = memo
    memo.addRoot(this)
  }

  /** The file that runs next. */
  start(path: string, basePath: string): void {
    this.set(
      TEMPLATE,
      new TypedMap('common.Values', [
        ['Name', path],
        ['BasePath', basePath],
      ]),
    )
  }

  override get(key: string): Value {
    if (key === TEMPLATE) this.memo.learning()
    return super.get(key)
  }
  override values(): MapIterator<Value> {
    this.memo.learning()
    return super.values()
  }
  override entries(): MapIterator<[string, Value]> {
    this.memo.learning()
    return super.entries()
  }
  override [Symbol.iterator](): MapIterator<[string, Value]> {
    this.memo.learning()
    return super[Symbol.iterator]()
  }
  override forEach(f: (value: Value, key: string, map: Map<string, Value>) => void): void {
    this.memo.learning()
    super.forEach(f)
  }
}
