import { isSmall } from '../../apimachinery/json-size.ts'
import { sortedKeysSteps } from '../../apimachinery/key-order.ts'
import type { Steps } from '../../apimachinery/steps.ts'
import { wireBytes } from '../../apimachinery/wire-reader.ts'
import type { WireWriter } from '../../apimachinery/wire-writer.ts'
import { type MapType, messageFields, type StructType, type Type } from '../schema/types.ts'
import { fieldWriter, isWrapped, tagOf, valueWriter, writeEntry, zeroOf } from './message-writer.ts'

type Members = Record<string, unknown>

/** So many items or members are written in one step. */
const stepSize = 200

/** As `writeMessage`, in steps. Goes down to what is small, which is written at once. */
export function* writeMessageSteps(type: StructType, to: WireWriter, object: Members): Steps<void> {
  for (const { number, name, type: fieldType, pointer } of messageFields(type).reverse()) {
    const value = name === '' ? object : object[name]
    if (isSmall(value)) {
      fieldWriter(number, fieldType, pointer)(to, value)
      continue
    }
    yield
    if (fieldType.kind === 'list' && !isWrapped(fieldType)) yield* writeItems(number, fieldType.element, to, value)
    else if (fieldType.kind === 'map') yield* writeMap(number, fieldType, to, value as Members)
    else if (fieldType.kind === 'struct') {
      yield* writeValue(fieldType, to, value)
      to.tag(tagOf(number, fieldType))
    } else fieldWriter(number, fieldType, pointer)(to, value)
  }
}

function* writeItems(number: number, element: Type, to: WireWriter, items: unknown): Steps<void> {
  if (!Array.isArray(items)) return
  const write = valueWriter(element)
  const zero = zeroOf(element)
  for (let i = items.length - 1; i >= 0; i--) {
    if (i % stepSize === 0) yield
    const item: unknown = items[i] ?? zero
    if (isSmall(item)) write(to, item)
    else yield* writeValue(element, to, item)
    to.tag(tagOf(number, element))
  }
}

function* writeMap(number: number, type: MapType, to: WireWriter, map: Members): Steps<void> {
  const write = writeEntry(type)
  const keys = yield* sortedKeysSteps(Object.keys(map))
  for (let i = keys.length - 1; i >= 0; i--) {
    if (i % stepSize === 0) yield
    const key = keys[i] as string
    write(to, key, map[key])
    to.tag(number * 8 + wireBytes)
  }
}

/** With the length before it. */
function* writeValue(type: Type, to: WireWriter, value: unknown): Steps<void> {
  yield
  if (type.kind !== 'struct') return valueWriter(type)(to, value)
  const end = to.length
  yield* writeMessageSteps(type, to, value as Members)
  to.lengthSince(end)
}
