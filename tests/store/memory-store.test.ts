import { suite } from 'uvu'
import { createMemoryStore } from '../../src/store/memory/memory-store.ts'
import { contract } from './contract.ts'

const test = suite('memory store')
contract(test, async () => createMemoryStore())
test.run()
