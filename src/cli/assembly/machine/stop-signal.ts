const forceAfterMs = 2000

/** Aborts at SIGINT or SIGTERM; another one some time later ends the process at once. npm passes on what the terminal sends too: twice is still one. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController()
  let first: number | undefined
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      first ??= performance.now()
      if (performance.now() - first > forceAfterMs) process.exit(130)
      stop.abort()
    })
  }
  return stop.signal
}
