/** Runs a verb with what it writes kept instead of shown. */
export async function said(
  run: (argv: string[]) => Promise<number>,
  ...argv: string[]
): Promise<{ status: number; said: string }> {
  let text = ''
  const streams = [process.stdout, process.stderr]
  const writes = streams.map((s) => s.write)
  const keep = (part: string) => {
    text += part
    return true
  }
  for (const stream of streams) stream.write = keep as never
  try {
    return { status: await run(argv), said: text }
  } finally {
    streams.forEach((stream, i) => {
      stream.write = writes[i] as never
    })
  }
}
