/** What one connection may cost. A peer that goes past a limit is told so and cut, whatever it is. */
export const limits = {
  /** Requests at a time on one connection; kube-apiserver allows 100. Clients open another connection past it. */
  streams: 1000,
  /** Of a request's headers, uncompressed. kube-apiserver allows 1 MiB. */
  headerBytes: 128 * 1024,
  /** Of a request's body that is not read yet: more than any body of the API may be. */
  streamWindow: 4 * 1024 * 1024,
  /** Of all bodies on one connection that are not read yet. */
  connectionWindow: 16 * 1024 * 1024,
  /** An answer in pieces is asked to wait while more than this is not sent of it. */
  streamBuffer: 256 * 1024,
  /** Answers to pings and settings that wait to be sent. */
  controlFrames: 1000,
  /** Requests that the client takes back: so many at once, and so many more a second ("rapid reset"). */
  resets: { burst: 2000, perSecond: 100 },
  /** Frames that carry nothing. */
  emptyFrames: 1000,
  /** From the connection to its first frames, and for the rest of a block of headers. */
  headersMs: 10_000,
  /** A body must go on within this. */
  bodyIdleMs: 30_000,
  /** A body must be there within this. */
  bodyMs: 300_000,
  /** A peer that takes nothing of what waits for it is cut after this. */
  stuckMs: 60_000,
  /** A connection without requests is ended after this. */
  idleMs: 180_000,
} as const
