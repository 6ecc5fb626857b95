import type { Client } from '../../../src/client/client.ts'

/** Sends a text as it is, and gives the answer as it came. */
export async function send(
  client: Client,
  method: string,
  at: string,
  body?: string,
  type = 'application/json',
  accept = 'application/json',
): Promise<{ status: number; text: string }> {
  const answer = await client.raw({
    method,
    path: at,
    headers: { 'content-type': type, accept },
    ...(body === undefined ? {} : { body: Buffer.from(body) }),
  })
  const pieces: Uint8Array[] = []
  for await (const piece of answer.body) pieces.push(piece)
  return { status: answer.status, text: Buffer.concat(pieces).toString() }
}
