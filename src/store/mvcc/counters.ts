import type { Revision } from '../store.ts'
import { writeRevision } from './record.ts'

/** What the table `meta` keeps. */
export const revisionKey = Buffer.from('revision')
export const compactedKey = Buffer.from('compacted')

export function counterBytes(revision: Revision): Buffer {
  const bytes = Buffer.alloc(8)
  writeRevision(bytes, revision, 0)
  return bytes
}
