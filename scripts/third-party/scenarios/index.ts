import type { Scenario } from '../scenario.ts'
import { argoRollouts } from './argo-rollouts.ts'
import { certManager } from './cert-manager.ts'
import { kro } from './kro.ts'

export const scenarios: readonly Scenario[] = [certManager, kro, argoRollouts]
