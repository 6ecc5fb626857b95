// What exports/ours.js opens the pack with.
export { freshPack, SHARED } from './pack.ts'
