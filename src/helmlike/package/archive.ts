// A chart as .tgz: the same chart gives the same bytes on every machine and day.
import { gzipSync } from 'node:zlib'
import { type Chart, ChartError, type ChartFile } from '../chart/chart.ts'
import { metadataToJson } from '../chart/metadata.ts'
import { toYaml } from '../yaml/emit.ts'

const BLOCK = 512
/** All files' time where SOURCE_DATE_EPOCH is not set: the first second of 1980, which every tool can show. */
const EPOCH = 315_532_800

function paddedName(name: string): { name: string; prefix: string } | undefined {
  if (Buffer.byteLength(name) <= 100) return { name, prefix: '' }
  for (let slash = name.indexOf('/'); slash > 0; slash = name.indexOf('/', slash + 1)) {
    const [prefix, rest] = [name.slice(0, slash), name.slice(slash + 1)]
    if (Buffer.byteLength(prefix) <= 155 && Buffer.byteLength(rest) <= 100) return { name: rest, prefix }
  }
  return undefined
}

function header(name: string, prefix: string, size: number, seconds: number, type: string): Buffer {
  const h = Buffer.alloc(BLOCK)
  const octal = (n: number, length: number) => `${n.toString(8).padStart(length - 1, '0')}\0`
  h.write(name, 0, 100)
  h.write(octal(0o644, 8) + octal(0, 8) + octal(0, 8) + octal(size, 12) + octal(seconds, 12), 100, 'latin1')
  h.write('        ', 148, 'latin1')
  h.write(type, 156, 'latin1')
  h.write('ustar\x0000', 257, 'latin1')
  h.write(prefix, 345, 155)
  const sum = h.reduce((total, b) => total + b, 0)
  h.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return h
}

function padded(data: Buffer): Buffer {
  const rest = data.length % BLOCK
  return rest === 0 ? data : Buffer.concat([data, Buffer.alloc(BLOCK - rest)])
}

/** Names too long for a tar header go into a pax record before the file. */
function entry(name: string, data: Buffer, seconds: number): Buffer[] {
  const short = paddedName(name)
  if (short) return [header(short.name, short.prefix, data.length, seconds, '0'), padded(data)]
  let length = Buffer.byteLength(` path=${name}\n`)
  length += String(length + String(length).length).length
  const record = Buffer.from(`${length} path=${name}\n`)
  return [
    header('pax_header', '', record.length, seconds, 'x'),
    padded(record),
    header(name.slice(-100), '', data.length, seconds, '0'),
    padded(data),
  ]
}

/** The files of a packaged chart, in Helm's order, under `base`. */
function packagedFiles(c: Chart, base = c.metadata.name): ChartFile[] {
  const isV1 = c.metadata.apiVersion === 'v1'
  const metadata = isV1 ? { ...c.metadata, dependencies: undefined } : c.metadata
  const raw = (name: string) => c.raw.filter((f) => f.name === name).map((f) => ({ name: `${base}/${name}`, data: f.data }))
  const inside = (files: readonly ChartFile[]) => files.map((f) => ({ name: `${base}/${f.name}`, data: f.data }))
  return [
    { name: `${base}/Chart.yaml`, data: Buffer.from(toYaml(metadataToJson(metadata))) },
    ...(isV1 ? [] : raw('Chart.lock')),
    ...raw('values.yaml'),
    ...raw('values.schema.json'),
    ...inside(c.templates),
    ...inside(c.files),
    ...c.dependencies.flatMap((d) => packagedFiles(d, `${base}/charts/${d.metadata.name}`)),
  ]
}

/** The chart's archive. `seconds` since 1970 is the time of all its files. Throws ChartError. */
export function packageChart(c: Chart, seconds: number = EPOCH): Buffer {
  if (c.schema) {
    try {
      JSON.parse(c.schema.toString('utf8'))
    } catch {
      throw new ChartError('invalid JSON in values.schema.json')
    }
  }
  const blocks = packagedFiles(c).flatMap((f) => entry(f.name, f.data, seconds))
  const archive = gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]), { level: 9 })
  // The header's byte for the operating system: unknown, so that it does not tell where the chart was packed.
  archive[9] = 255
  return archive
}

export const archiveName = (c: Chart): string => `${c.metadata.name}-${c.metadata.version}.tgz`
