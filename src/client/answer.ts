/** A server's answer as soon as its head is there, whatever version of HTTP it came by. */
export interface Answer {
  readonly status: number
  /** Values of a field that came more than once are joined by line feeds. */
  readonly headers: Readonly<Record<string, string>>
  /** What comes of its body, once; ends with an error when the connection does. */
  readonly body: AsyncIterable<Uint8Array>
  /** The whole body, instead. */
  text(): Promise<string>
  /** The rest is not wanted. */
  close(): void
}

/** A request as it goes on the wire. */
export interface Wired {
  readonly method: string
  readonly path: string
  /** As in answers: what is joined by line feeds is sent as so many fields. */
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array | undefined
  readonly signal?: AbortSignal | undefined
}
