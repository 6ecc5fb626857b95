// slipway/testkit.
import { ours } from './ours.js'

export const { createFaults, createRecorder, createVirtualClock, eventually, startTestServer } = await ours('testkit')
