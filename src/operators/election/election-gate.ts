import { aborted } from '../../apimachinery/aborted.ts'
import { createGate, type Gate } from './gate.ts'
import { type ElectionOptions, runElected } from './leader-election.ts'

interface ElectionGate extends Gate {
  /** Resolves when the Lease was let go, after the signal aborted. */
  readonly ended: Promise<void>
}

/** A gate that is open while this process holds the Lease. `rested` resolves when nothing of a term runs any more: only then others may. */
export function electionGate(options: ElectionOptions, rested: () => Promise<void>): ElectionGate {
  const gate = createGate()
  const ended = runElected(options, async ({ signal, term, isHeld }) => {
    gate.open({ number: term + 1, signal, isHeld })
    await aborted(signal)
    await rested()
  })
  return { ...gate, ended }
}
