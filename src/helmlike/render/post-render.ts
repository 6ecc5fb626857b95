// Post-renderers: a program that gets every rendered document on its standard input and prints what shall be used instead.
import { Document, isMap, isScalar, isSeq, parseAllDocuments, Scalar, visit } from 'yaml'
import { ChartError } from '../chart/chart.ts'
import { compareStrings } from '../gotemplate/value.ts'
import { splitDocuments } from './manifests.ts'

const TIMEOUT_MS = 300_000
const MAX_OUTPUT = 64 << 20

/** By which annotation a document is told of the file that it is from, and tells it afterwards. */
const FILE_OF = 'postrenderer.helm.sh/postrender-filename'

/** A step for `render`. Throws ChartError with what the program said. */
export function postRenderer(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): (files: Map<string, string>) => Promise<Map<string, string>> {
  return async (files) => filesOf(await run(program, args, env, merged(files)))
}

/** Every document of the files, in the order of their names, each with its file's. */
export function merged(files: ReadonlyMap<string, string>): string {
  const documents: string[] = []
  for (const [file, text] of [...files].sort(([a], [b]) => compareStrings(a, b))) {
    if (/(?:^|\/)_[^/]*$/.test(file) || text.trim() === '') continue
    for (const { content } of splitDocuments(text)) {
      if (content.trim() === '') continue
      for (const doc of unwrapped(parsed(content, `parsing ${file}`))) {
        const name = new Scalar(file)
        name.type = Scalar.QUOTE_SINGLE
        doc.setIn(['metadata', 'annotations', FILE_OF], name)
        documents.push(written(doc))
      }
    }
  }
  return documents.join('---\n')
}

/** What a program printed, by the files that its documents are from. */
export function filesOf(text: string): Map<string, string> {
  const documents = parsed(text, 'error parsing YAML')
  const files = new Map<string, string>()
  for (const [i, doc] of (documents.length === 1 ? unwrapped(documents) : documents).entries()) {
    const at = ['metadata', 'annotations', FILE_OF]
    const file = String(doc.getIn(at) || `generated-by-postrender-${i}.yaml`)
    for (const path of [at, at.slice(0, 2), at.slice(0, 1)]) {
      const node = doc.getIn(path, true)
      if (path === at ? node !== undefined : isMap(node) && node.items.length === 0) doc.deleteIn(path)
    }
    const before = files.get(file)
    files.set(file, `${before === undefined ? '' : `${before}---\n`}${written(doc)}`)
  }
  return files
}

/** Scalars stay as they are written: nobody looks at what they mean. Throws ChartError. */
function parsed(text: string, what: string): Document[] {
  const documents = parseAllDocuments(text, { schema: 'failsafe', version: '1.1', uniqueKeys: false, keepSourceTokens: false })
  if (!Array.isArray(documents)) return []
  for (const doc of documents) if (doc.errors[0]) throw new ChartError(`${what}: ${doc.errors[0].message}`)
  return documents.filter((doc) => isMap(doc.contents))
}

/** The items of a List are documents of their own. */
const unwrapped = (documents: readonly Document[]): Document[] =>
  documents.flatMap((doc) => {
    const items = /^(?:Resource)?List$/.test(String(doc.get('kind'))) ? doc.get('items') : undefined
    if (!isSeq(items)) return [doc]
    return items.items.map((item) => {
      const single = new Document(undefined, { schema: 'failsafe', version: '1.1' })
      single.contents = item as typeof single.contents
      return single
    })
  })

/** As Helm's library writes it: lists below a key are not indented, empty lines are left out. */
function written(doc: Document): string {
  visit(doc, {
    Node: (_, node) => {
      if (isMap(node) || isSeq(node) || isScalar(node)) node.spaceBefore = false
      if (isScalar(node) && node.value === '' && node.type !== 'PLAIN') node.type = Scalar.QUOTE_DOUBLE
    },
  })
  if (doc.directives) doc.directives.docStart = null
  return doc.toString({ lineWidth: 0, flowCollectionPadding: false, indentSeq: false })
}

function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv, input: string): Promise<string> {
  const { spawn } = process.getBuiltinModule('node:child_process')
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args], { env, timeout: TIMEOUT_MS, stdio: ['pipe', 'pipe', 'pipe'] })
    const fail = (what: string) => reject(new ChartError(`error while running post render on files: ${program}: ${what}`))
    const out: Buffer[] = []
    let [size, problems] = [0, '']
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > MAX_OUTPUT) child.kill()
      else out.push(chunk)
    })
    child.stderr.on('data', (chunk: Buffer) => {
      problems = (problems + chunk).slice(-4096)
    })
    child.on('error', (e) => fail(e.message))
    // A program that reads no further is no error of ours.
    child.stdin.on('error', () => {})
    child.on('close', (status) => {
      if (size > MAX_OUTPUT) fail(`it printed more than ${MAX_OUTPUT} bytes`)
      else if (status !== 0) fail(problems.trim() || `exit status ${status}`)
      else {
        const text = Buffer.concat(out).toString('utf8')
        if (text.trim() === '') fail(`post-renderer ${JSON.stringify(program)} produced empty output`)
        else resolve(text)
      }
    })
    child.stdin.end(input)
  })
}
