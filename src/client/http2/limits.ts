/** What one connection takes and how long it waits. Times of client-go where it has them. */
export const limits = {
  /** Requests at a time on one connection, where the server does not say how many. */
  streams: 100,
  /** Stream numbers end there. */
  lastId: 2 ** 31 - 1,
  /** Of an answer's headers. */
  headerBytes: 256 * 1024,
  headerFrames: 64,
  /** Of an answer that is not taken yet. */
  streamWindow: 4 * 1024 * 1024,
  connectionWindow: 32 * 1024 * 1024,
  /** Frames larger than this gain nothing. */
  frameBytes: 64 * 1024,
  /** An answer must begin within this. */
  answerMs: 60_000,
  /** A connection with requests on which nothing comes is asked whether it lives, and given up when it does not say so. */
  silentMs: 30_000,
  pingMs: 15_000,
  /** A connection without requests is ended: sooner than servers do. */
  idleMs: 90_000,
  sweepMs: 5_000,
  connectMs: 30_000,
  /** Connections at a time. */
  connections: 32,
} as const
