// What `import … from 'slipway/testkit'` gives.
export type { EventuallyOptions } from './eventually.ts'
export { eventually } from './eventually.ts'
export { createFaults, type FaultSettings, type Faults } from './faults.ts'
export { createRecorder, type Recorder } from './recorder.ts'
export { startTestServer } from './start.ts'
export type { TestServer, TestServerOptions } from './test-server.ts'
export { createVirtualClock, type VirtualClock } from './virtual-clock.ts'
