import type { Library } from '../environment.ts'
import { INT, listOf, STRING } from '../types.ts'
import { ArrayList, CelError, type CelInt, type CelList } from '../values.ts'
import { matching } from './costs.ts'
import { pattern } from './patterns.ts'
import { method } from './signature.ts'

function legal(source: string): ReturnType<typeof pattern> {
  try {
    return pattern(source)
  } catch (error) {
    throw error instanceof CelError ? new CelError(`Illegal regex: ${error.message}`) : error
  }
}

function find(text: string, source: string): string {
  const matcher = legal(source).matcher(text)
  return matcher.find() ? (matcher.group() ?? '') : ''
}

function findAll(text: string, source: string, limit: CelInt = -1): CelList {
  const found: string[] = []
  const matcher = legal(source).matcher(text)
  while ((limit < 0 || found.length < limit) && matcher.find()) found.push(matcher.group() ?? '')
  return new ArrayList(found)
}

const costs = matching(0, 1, (length) => ({ min: 0, max: length.max }))

/** Kubernetes' own functions on patterns (RE2). */
export const regex: Library = {
  functions: {
    find: [method('string_find_string', [STRING, STRING], STRING, find, costs)],
    findAll: [
      method('string_find_all_string', [STRING, STRING], listOf(STRING), findAll, costs),
      method('string_find_all_string_int', [STRING, STRING, INT], listOf(STRING), findAll, costs),
    ],
  },
}
