/** The lines of a stream, in the batches that they arrived in. An unfinished line at the end is dropped: the stream was cut. */
export async function* lines(stream: AsyncIterable<Uint8Array>): AsyncGenerator<readonly string[]> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of stream) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = parts.pop() ?? ''
    const whole = parts.filter((p) => p !== '')
    if (whole.length > 0) yield whole
  }
}
