import { invalid } from '../../../apimachinery/field-error.ts'
import type { Errors } from '../errors.ts'

/** Paths inside volumes and containers. */

export function checkNoBacksteps(path: string, at: string, errors: Errors): void {
  if (path.includes('..') && path.split('/').includes('..')) errors.push(invalid(at, path, "must not contain '..'"))
}

export function checkDescendingPath(path: string, at: string, errors: Errors): void {
  if (path.startsWith('/')) errors.push(invalid(at, path, 'must be a relative path'))
  checkNoBacksteps(path, at, errors)
}

/** A descending path whose first segment is none of the reserved `..name`. */
export function checkNonReservedPath(path: string, at: string, errors: Errors): void {
  checkDescendingPath(path, at, errors)
  if (path.startsWith('..') && !path.startsWith('../')) errors.push(invalid(at, path, "must not start with '..'"))
}
