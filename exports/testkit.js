// slipway/testkit: the sources in a checkout, else what was built of them.
import { existsSync } from 'node:fs'

const source = new URL('../src/testkit/public.ts', import.meta.url)
const built = new URL('../dist/testkit/public.js', import.meta.url)

export const { createFaults, createRecorder, createVirtualClock, eventually, startTestServer } = await import(
  existsSync(source) ? source.href : built.href
)
