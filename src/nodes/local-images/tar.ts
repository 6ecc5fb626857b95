/** An entry of an image's file system. `path` is relative, without `./`; missing parent folders are the reader's to make. */
export type TarEntry =
  | { readonly path: string; readonly content: Buffer | string; readonly mode?: number }
  | { readonly path: string; readonly linkTo: string }
  | { readonly path: string; readonly folder: true; readonly mode?: number }

function header(entry: TarEntry, size: number): Buffer {
  if (Buffer.byteLength(entry.path) > 99) throw new Error(`${entry.path}: paths in images are at most 99 bytes`)
  const block = Buffer.alloc(512)
  const octal = (value: number, at: number, width: number) => block.write(`${value.toString(8).padStart(width - 1, '0')}\0`, at)
  const isFolder = 'folder' in entry
  block.write(isFolder ? `${entry.path}/` : entry.path, 0)
  octal('linkTo' in entry ? 0o777 : (entry.mode ?? (isFolder ? 0o755 : 0o644)), 100, 8)
  octal(0, 108, 8)
  octal(0, 116, 8)
  octal(size, 124, 12)
  octal(0, 136, 12)
  block.write('        ', 148)
  block.write(isFolder ? '5' : 'linkTo' in entry ? '2' : '0', 156)
  if ('linkTo' in entry) block.write(entry.linkTo, 157)
  block.write('ustar\x0000', 257)
  block.write(
    `${block
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  )
  return block
}

/** A tar archive (ustar) of `entries`, owned by root, with times of 1970 so that equal entries give equal bytes. */
export function tar(entries: readonly TarEntry[]): Buffer {
  const blocks: Buffer[] = []
  for (const entry of entries) {
    const content = 'content' in entry ? Buffer.from(entry.content) : Buffer.alloc(0)
    blocks.push(header(entry, content.length), content, Buffer.alloc((512 - (content.length % 512)) % 512))
  }
  return Buffer.concat([...blocks, Buffer.alloc(1024)])
}
