/** Where things are in etcd, below the prefix that the servers of one cluster share. */
export interface Layout {
  /** Written by every commit: the id of the commit and its note, as JSON. */
  readonly commit: string
  /** Before the store's own keys. */
  readonly data: string
  /** The revision that the kept window begins at, written by whoever compacts next. */
  readonly window: string
  /** Of all commits: from `commit` to here. */
  readonly end: string
}

/** Throws for a prefix that is no path. */
export function layoutUnder(prefix: string): Layout {
  if (!/^\/[\w.-]+(\/[\w.-]+)*$/.test(prefix)) throw new Error(`--etcd-prefix ${prefix}: must be a path such as /slipway`)
  return { commit: `${prefix}/commit`, data: `${prefix}/data`, window: `${prefix}/window`, end: `${prefix}/data0` }
}

/** The first key after all that begin with `prefix`. */
export function endOf(prefix: string): string {
  return `${prefix.slice(0, -1)}${String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)}`
}
