import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { changedLines } from '../../helmlike/release/diff.ts'

/** Files that a command makes in one folder, by name. */
export type GeneratedFiles = ReadonlyMap<string, string>

/** Writes `files` into `folder`, and takes away those made before (they begin with `mark`) that are made no more. */
export function writeGenerated(folder: string, files: GeneratedFiles, mark: string): string[] {
  mkdirSync(folder, { recursive: true })
  const said: string[] = []
  for (const [name, text] of files) {
    const before = read(join(folder, name))
    if (before === text) continue
    writeFileSync(join(folder, name), text)
    said.push(`${before === undefined ? 'made' : 'changed'} ${join(folder, name)}`)
  }
  for (const name of leftOver(folder, files, mark)) {
    rmSync(join(folder, name))
    said.push(`removed ${join(folder, name)}`)
  }
  return said
}

/** How `folder` differs from what would be written, as text with a line diff for each file; '' when it does not. */
export function differencesOf(folder: string, files: GeneratedFiles, mark: string): string {
  const said: string[] = []
  for (const [name, text] of files) {
    const before = read(join(folder, name))
    if (before === undefined) said.push(`${join(folder, name)} is missing`)
    else if (before !== text) said.push(`${join(folder, name)}:`, ...changedLines(before.split('\n'), text.split('\n')))
  }
  for (const name of leftOver(folder, files, mark)) said.push(`${join(folder, name)} is left over`)
  return said.join('\n')
}

function leftOver(folder: string, files: GeneratedFiles, mark: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder).filter((name) => !files.has(name) && read(join(folder, name))?.startsWith(mark))
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (['ENOENT', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}
