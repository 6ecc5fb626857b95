import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { GitError, git } from './git-program.ts'
import { flushPkt, PktReader, ProtocolError, pktLine, SideBand } from './pkt-line.ts'
import { type RefUpdate, type Repositories, zeroOid } from './repositories.ts'

export interface Push {
  readonly repository: string
  readonly updates: readonly RefUpdate[]
  /** What `git push -o` gave. */
  readonly options: readonly string[]
  /** Writes a line that the pusher sees behind `remote: `. */
  readonly print: (line: string) => void
  readonly signal: AbortSignal
}

/** Decides on a push whose objects are in the repository but whose refs have not moved. */
export interface PushGate {
  /** Throws PushRefused (or any error) to refuse the whole push. */
  readonly check: (push: Push) => Promise<void>
  /** After the refs have moved. What it throws is printed and makes the push fail for the pusher, though the commit is taken. */
  readonly accepted: (push: Push) => Promise<void>
}

/** The reason stands behind the ref in the pusher's terminal: ` ! [remote rejected] main -> main (reason)`. */
export class PushRefused extends Error {
  constructor(reason: string) {
    super(reason)
    this.name = 'PushRefused'
  }
}

const capabilities =
  'report-status delete-refs side-band-64k quiet atomic ofs-delta push-options object-format=sha1 agent=slipway'
const maxUpdates = 1000
const maxOptions = 100
const maxPackBytes = 1 << 30

/** The answer to GET info/refs?service=git-receive-pack. */
export async function advertise(repositories: Repositories, repository: string): Promise<Buffer> {
  const refs = repositories.has(repository) ? await repositories.refs(repository) : []
  const lines = refs.length > 0 ? refs.map((r) => `${r.oid} ${r.name}`) : [`${zeroOid} capabilities^{}`]
  const [first = '', ...others] = lines
  return Buffer.concat([
    pktLine('# service=git-receive-pack\n'),
    flushPkt,
    pktLine(`${first}\0${capabilities}\n`),
    ...others.map((line) => pktLine(`${line}\n`)),
    flushPkt,
  ])
}

interface Request {
  readonly updates: readonly RefUpdate[]
  readonly options: readonly string[]
  readonly sideBand: boolean
  readonly reportStatus: boolean
}

async function readRequest(reader: PktReader): Promise<Request> {
  const lines = await reader.lines(maxUpdates)
  let has = new Set<string>()
  const updates = lines.map((line, i) => {
    const text = line.toString()
    const nul = text.indexOf('\0')
    if (i === 0 && nul >= 0)
      has = new Set(
        text
          .slice(nul + 1)
          .trim()
          .split(' '),
      )
    const match = /^([0-9a-f]{40}) ([0-9a-f]{40}) (refs\/[^\0\n ]+)/.exec(nul >= 0 ? text.slice(0, nul) : text)
    if (!match) throw new ProtocolError('not a ref update')
    return { before: match[1] ?? '', after: match[2] ?? '', ref: match[3] ?? '' }
  })
  const options =
    has.has('push-options') && updates.length > 0 ? (await reader.lines(maxOptions)).map((l) => l.toString().trimEnd()) : []
  return { updates, options, sideBand: has.has('side-band-64k'), reportStatus: has.has('report-status') }
}

/**
 * Serves POST git-receive-pack: takes the objects, checks that they are whole and connected, asks the gate, moves the refs and reports.
 * All refs move or none does. `write` gets the answer's bytes as they come.
 */
export async function receivePack(
  context: {
    readonly repositories: Repositories
    readonly repository: string
    readonly gate: PushGate
    readonly signal: AbortSignal
  },
  body: AsyncIterable<Buffer>,
  write: (bytes: Buffer) => void,
): Promise<void> {
  const { repositories, repository, gate, signal } = context
  const reader = new PktReader(body)
  const request = await readRequest(reader)
  const band = new SideBand(write)
  const print = (line: string) => {
    if (request.sideBand) band.progress(line)
  }
  const push: Push = { repository, updates: request.updates, options: request.options, print, signal }
  const report = (unpack: string, refused: string | undefined) => reportStatus(request, band, write, unpack, refused)
  let pack: string | undefined
  try {
    pack = await takeObjects(repositories.pathOf(repository), request.updates, reader, signal)
  } catch (error) {
    if (!(error instanceof GitError || error instanceof ProtocolError)) throw error
    report(error.message.split('\n')[0] ?? 'failed', 'unpacker error')
    return
  }
  try {
    await gate.check(push)
    await repositories.update(repository, request.updates)
  } catch (error) {
    if (pack) await dropPack(repositories.pathOf(repository), pack)
    report('ok', reasonOf(error))
    return
  }
  try {
    await gate.accepted(push)
    report('ok', undefined)
  } catch (error) {
    report('ok', reasonOf(error))
  }
}

/** The end of the answer: what became of the pack, and of each ref. `refused`: why none has moved. */
function reportStatus(
  request: Request,
  band: SideBand,
  write: (bytes: Buffer) => void,
  unpack: string,
  refused: string | undefined,
): void {
  const lines = [
    pktLine(`unpack ${unpack}\n`),
    ...request.updates.map((u) =>
      pktLine(refused === undefined ? `ok ${u.ref}\n` : `ng ${u.ref} ${refused.replaceAll('\n', ' ')}\n`),
    ),
    flushPkt,
  ]
  if (request.reportStatus && request.sideBand) band.report(Buffer.concat(lines))
  else if (request.reportStatus) write(Buffer.concat(lines))
  if (request.sideBand) band.end()
}

function reasonOf(error: unknown): string {
  if (error instanceof GitError) return 'the branch moved meanwhile: fetch first'
  return error instanceof Error ? error.message : String(error)
}

/** Stores the pack and checks that everything the new tips need is there. Returns the pack's name when it became a pack file. */
async function takeObjects(
  path: string,
  updates: readonly RefUpdate[],
  reader: PktReader,
  signal: AbortSignal,
): Promise<string | undefined> {
  const tips = updates.filter((u) => u.after !== zeroOid).map((u) => u.after)
  if (tips.length === 0) return undefined
  let pack: string | undefined
  if (!(await reader.atEnd())) {
    const args = ['index-pack', '--stdin', '--fix-thin', '--strict', `--max-input-size=${maxPackBytes}`]
    const out = await git(args, { cwd: path, input: reader.rest(), signal })
    pack = /^(?:pack|keep)\t([0-9a-f]{40})/m.exec(out.toString())?.[1]
  }
  await git(['rev-list', '--objects', '--quiet', '--stdin', '--not', '--all'], {
    cwd: path,
    input: `${tips.join('\n')}\n`,
    signal,
  })
  return pack
}

async function dropPack(path: string, pack: string): Promise<void> {
  for (const ending of ['idx', 'rev', 'pack']) await rm(join(path, 'objects', 'pack', `pack-${pack}.${ending}`), { force: true })
}
