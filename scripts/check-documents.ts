// Checks that the files which documents name, in links and in `code`, are there.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * What `document` names and `files` (of the repository) has not. A link leads on from the document; in code a path may also begin at the root,
 * or be the end of one.
 */
export function missingFiles(document: string, text: string, files: readonly string[]): string[] {
  const places = new Set(files.flatMap(withFolders))
  const isBelow = (path: string) => places.has(join(dirname(document), path))
  const isEnd = (path: string) => files.some((file) => file.endsWith(`/${path.replace(/^[./]+/, '')}`))
  const { links, code } = namedIn(text)
  return [
    ...links.filter((path) => !isBelow(path)),
    ...code.filter((path) => !isBelow(path) && !places.has(path) && !isEnd(path)),
  ]
}

/** Paths in links, and in code those of files of our own kinds. */
function namedIn(text: string): { links: string[]; code: string[] } {
  const all = (pattern: RegExp) => [...text.matchAll(pattern)].map((m) => (m[1] ?? '').replace(/\/$/, ''))
  return {
    links: all(/\]\((?![a-z]+:|#)([^)#\s]+)/g),
    code: all(/`([\w.@/-]*[\w@-]\.(?:ts|md)|(?:src|scripts|docs|tests|bench|schemas)\/[\w./@-]+)`/g),
  }
}

/** A path and the folders that it is in. */
const withFolders = (path: string): string[] => (path === '.' ? [] : [path, ...withFolders(dirname(path))])

/** What others wrote, and what is copied into projects of others. */
const notOurs = /^(tests\/data|charts|scaffold)\//

function problems(): string[] {
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' })
    .trim()
    .split('\n')
  const documents = files.filter((file) => file.endsWith('.md') && !notOurs.test(file))
  return documents.flatMap((document) =>
    missingFiles(document, readFileSync(document, 'utf8'), files).map((path) => `${document}: there is no ${path}`),
  )
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const found = problems()
  for (const problem of found) console.error(problem)
  console.log(
    found.length === 0 ? 'documents name files that are there' : `${found.length} files that documents name are missing`,
  )
  process.exit(found.length === 0 ? 0 : 1)
}
