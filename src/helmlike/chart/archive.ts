// Chart archives: gzipped tar in, files out, with the checks and limits that keep a hostile archive harmless.
import { cleanPath } from '../functions/paths.ts'
import { ChartError, type ChartFile } from './chart.ts'

/** Helm's limit for a whole chart, unpacked. */
export const MAX_CHART_SIZE = 100 * 1024 * 1024
const MAX_ENTRIES = 20_000
const BLOCK = 512

interface Entry {
  readonly name: string
  readonly type: string
  readonly data: Buffer
}

function unzip(archive: Buffer): Buffer {
  try {
    return process.getBuiltinModule('node:zlib').gunzipSync(archive, { maxOutputLength: MAX_CHART_SIZE + 1024 * 1024 })
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new ChartError(`decompressed chart is larger than the maximum size ${MAX_CHART_SIZE}`)
    throw new ChartError(`gzip: ${(e as Error).message}`)
  }
}

function octal(field: Buffer): number {
  if (((field[0] as number) & 0x80) !== 0) return Number(field.readBigUInt64BE(field.length - 8))
  const n = Number.parseInt(field.toString('latin1').replace(/\0.*$/, '').trim() || '0', 8)
  return Number.isNaN(n) ? -1 : n
}

const text = (b: Buffer) => b.toString('utf8').replace(/\0.*$/s, '')

/** `path` of a pax header. */
function paxPath(data: Buffer): string | undefined {
  for (let at = 0; at < data.length; ) {
    const space = data.indexOf(32, at)
    const length = Number(data.toString('latin1', at, space))
    if (!(length > 0) || space < 0) break
    const record = data.toString('utf8', space + 1, at + length - 1)
    if (record.startsWith('path=')) return record.slice(5)
    at += length
  }
  return undefined
}

/** The entries of a tar. Throws ChartError where it is damaged or has too many. */
function* tarEntries(tar: Buffer): Generator<Entry> {
  let longName: string | undefined
  let count = 0
  for (let at = 0; at + BLOCK <= tar.length; ) {
    const header = tar.subarray(at, at + BLOCK)
    if (header.every((b) => b === 0)) return
    const size = octal(header.subarray(124, 136))
    if (size < 0 || at + BLOCK + size > tar.length) throw new ChartError('unexpected EOF')
    if (++count > MAX_ENTRIES) throw new ChartError(`chart archive has more than ${MAX_ENTRIES} entries`)
    const data = tar.subarray(at + BLOCK, at + BLOCK + size)
    const type = String.fromCharCode(header[156] || 48)
    const prefix = header.toString('latin1', 257, 262) === 'ustar' ? text(header.subarray(345, 500)) : ''
    const name = longName ?? (prefix ? `${prefix}/` : '') + text(header.subarray(0, 100))
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK
    if (type === 'L') longName = text(data)
    else if (type === 'x') longName = paxPath(data) ?? longName
    else if (type !== 'g' && type !== 'K') {
      longName = undefined
      yield { name, type, data }
    }
  }
}

/** The path inside the chart, without the chart's own folder. */
function pathInside(entry: string): string {
  const delimiter = entry.includes('\\') ? '\\' : '/'
  const parts = entry.split(delimiter)
  let name = parts.slice(1).join('/')
  if (name.startsWith('/')) throw new ChartError('chart illegally contains absolute paths')
  name = cleanPath(name)
  if (name === '.') throw new ChartError(`chart illegally contains content outside the base directory: ${JSON.stringify(entry)}`)
  if (name.startsWith('..')) throw new ChartError('chart illegally references parent directory')
  if (/^[a-zA-Z]:\//.test(name)) throw new ChartError('chart contains illegally named files')
  if (parts[0] === 'Chart.yaml') throw new ChartError('chart yaml not in base directory')
  return name
}

/** The file without a byte order mark. */
export function withoutBom(data: Buffer): Buffer {
  return data[0] === 0xef && data[1] === 0xbb && data[2] === 0xbf ? data.subarray(3) : data
}

/** The files of a packaged chart (.tgz). Throws ChartError. */
export function readArchive(archive: Buffer): ChartFile[] {
  const files: ChartFile[] = []
  let left = MAX_CHART_SIZE
  for (const entry of tarEntries(unzip(archive))) {
    if (entry.type === '5' || entry.name.endsWith('/')) continue
    const name = pathInside(entry.name)
    left -= entry.data.length
    if (left <= 0) throw new ChartError(`decompressed chart is larger than the maximum size ${MAX_CHART_SIZE}`)
    files.push({ name, data: withoutBom(entry.data) })
  }
  if (files.length === 0) throw new ChartError('no files in chart archive')
  return files
}
