// Starts the command line from the sources.
import { enableCompileCache } from 'node:module'
import { start } from './start.ts'

enableCompileCache()
start(process.argv.slice(2))
