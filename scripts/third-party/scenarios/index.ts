import type { Scenario } from '../scenario.ts'
import { certManager } from './cert-manager.ts'
import { kro } from './kro.ts'

export const scenarios: readonly Scenario[] = [certManager, kro]
