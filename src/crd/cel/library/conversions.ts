import { int64 } from '../../../apimachinery/json.ts'
import { doubleText } from '../../../apimachinery/number-text.ts'
import { scale } from '../cost-range.ts'
import type { Library } from '../environment.ts'
import { typeOfValue } from '../equality.ts'
import { isUintInRange, toInt, toUint } from '../numbers.ts'
import { BOOL, BYTES, DOUBLE, DURATION, DYN, INT, STRING, TIMESTAMP, typeOf, UINT } from '../types.ts'
import { CelDouble, CelDuration, CelError, type CelInt, CelTimestamp, type CelUint, type Value } from '../values.ts'
import { traversal } from './costs.ts'
import { A, overload } from './signature.ts'
import { formatDuration, formatTimestamp, parseDuration, parseTimestamp } from './time-text.ts'

const same = (value: Value): Value => value

function cannot(type: string): CelError {
  return new CelError(`type conversion error from 'string' to '${type}'`)
}

function parseInt64(text: string): CelInt {
  const value = /^[+-]?\d+$/.test(text) ? int64(BigInt(text.replace('+', ''))) : undefined
  if (value === undefined) throw cannot('int')
  return value
}

function parseUint64(text: string): CelUint {
  if (!/^\d+$/.test(text) || !isUintInRange(BigInt(text))) throw cannot('uint')
  return toUint(BigInt(text))
}

const DOUBLE_TEXT = /^[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|inf(?:inity)?|nan)$/i

function parseDouble(text: string): CelDouble {
  if (!DOUBLE_TEXT.test(text)) throw cannot('double')
  if (/nan/i.test(text)) return new CelDouble(Number.NaN)
  if (/inf/i.test(text)) return new CelDouble(text.startsWith('-') ? -Infinity : Infinity)
  if (!Number.isFinite(Number(text))) throw cannot('double')
  return new CelDouble(Number(text))
}

function parseBool(text: string): boolean {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false
  throw cannot('bool')
}

function doubleToInt({ value }: CelDouble): CelInt {
  // The edges themselves are refused: doubles next to them cannot tell whether they are inside.
  if (!(value > -(2 ** 63) && value < 2 ** 63)) throw new CelError('integer overflow')
  return toInt(BigInt(Math.trunc(value)))
}

function doubleToUint({ value }: CelDouble): CelUint {
  if (!(value > -1 && value < 2 ** 64)) throw new CelError('unsigned integer overflow')
  return toUint(BigInt(Math.trunc(value)))
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new CelError('invalid UTF-8 in bytes, cannot convert to string')
  }
}

function toTimestamp(text: string): CelTimestamp {
  const time = parseTimestamp(text)
  if (time === undefined) throw cannot('google.protobuf.Timestamp')
  return time
}

function toDuration(text: string): CelDuration {
  const duration = parseDuration(text)
  if (duration === undefined) throw cannot('google.protobuf.Duration')
  return duration
}

function secondsToTimestamp(seconds: CelInt): CelTimestamp {
  if (seconds < -62135596800 || seconds > 253402300799) throw new CelError('timestamp overflow')
  return new CelTimestamp(Number(seconds), 0)
}

/** `int(x)`, `string(x)`, `type(x)` and the like. */
export const conversions: Library = {
  functions: {
    bool: [overload('bool_to_bool', [BOOL], BOOL, same), overload('string_to_bool', [STRING], BOOL, parseBool)],
    bytes: [
      overload('bytes_to_bytes', [BYTES], BYTES, same),
      overload('string_to_bytes', [STRING], BYTES, (text: string) => Buffer.from(text), {
        ...traversal(0),
        estimate: (operands, sizes) => {
          const size = sizes.of(operands[0] as never)
          return { cost: scale(size, 0.1), size: { min: size.min, max: size.max * 4 } }
        },
      }),
    ],
    double: [
      overload('double_to_double', [DOUBLE], DOUBLE, same),
      overload('int64_to_double', [INT], DOUBLE, (value: CelInt) => new CelDouble(Number(value))),
      overload('string_to_double', [STRING], DOUBLE, parseDouble),
      overload('uint64_to_double', [UINT], DOUBLE, (value: CelUint) => new CelDouble(Number(value.value))),
    ],
    duration: [
      overload('duration_to_duration', [DURATION], DURATION, same),
      overload('int64_to_duration', [INT], DURATION, (nanos: CelInt) => new CelDuration(BigInt(nanos))),
      overload('string_to_duration', [STRING], DURATION, toDuration),
    ],
    dyn: [overload('to_dyn', [A], DYN, same)],
    int: [
      overload('int64_to_int64', [INT], INT, same),
      overload('double_to_int64', [DOUBLE], INT, doubleToInt),
      overload('duration_to_int64', [DURATION], INT, (value: CelDuration) => toInt(value.nanos)),
      overload('string_to_int64', [STRING], INT, parseInt64),
      overload('timestamp_to_int64', [TIMESTAMP], INT, (value: CelTimestamp) => value.seconds),
      overload('uint64_to_int64', [UINT], INT, (value: CelUint) => toInt(value.value)),
    ],
    string: [
      overload('string_to_string', [STRING], STRING, same),
      overload('bool_to_string', [BOOL], STRING, String),
      overload('bytes_to_string', [BYTES], STRING, decodeUtf8, {
        ...traversal(0),
        estimate: (operands, sizes) => {
          const size = sizes.of(operands[0] as never)
          return { cost: scale(size, 0.1), size: { min: Math.floor(size.min / 4), max: size.max } }
        },
      }),
      overload('double_to_string', [DOUBLE], STRING, (value: CelDouble) => doubleText(value.value)),
      overload('duration_to_string', [DURATION], STRING, formatDuration),
      overload('int64_to_string', [INT], STRING, String),
      overload('timestamp_to_string', [TIMESTAMP], STRING, formatTimestamp),
      overload('uint64_to_string', [UINT], STRING, (value: CelUint) => String(value.value)),
    ],
    timestamp: [
      overload('timestamp_to_timestamp', [TIMESTAMP], TIMESTAMP, same),
      overload('int64_to_timestamp', [INT], TIMESTAMP, secondsToTimestamp),
      overload('string_to_timestamp', [STRING], TIMESTAMP, toTimestamp),
    ],
    type: [overload('type', [A], typeOf(A), typeOfValue)],
    uint: [
      overload('uint64_to_uint64', [UINT], UINT, same),
      overload('double_to_uint64', [DOUBLE], UINT, doubleToUint),
      overload('int64_to_uint64', [INT], UINT, (value: CelInt) => toUint(BigInt(value))),
      overload('string_to_uint64', [STRING], UINT, parseUint64),
    ],
  },
}
