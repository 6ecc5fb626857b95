import type { InFlightLimits } from '../../../api/pipeline/in-flight.ts'

/** kube-apiserver's flags of how many requests are answered at a time. */
export const flowFlags = {
  'enable-priority-and-fairness': { type: 'string', default: 'true' },
  'max-requests-inflight': { type: 'string', default: '400' },
  'max-mutating-requests-inflight': { type: 'string', default: '200' },
} as const

export const flowHelp = `
  --enable-priority-and-fairness true|false   requests have seats by FlowSchemas and PriorityLevelConfigurations and wait in
                            queues; default true. Without it requests past the two limits below are refused (429)
  --max-requests-inflight 400            requests that only read; with priority and fairness the sum of both is the number of seats
  --max-mutating-requests-inflight 200   requests that write; 0: no limit
`

interface Values {
  readonly 'enable-priority-and-fairness'?: string | undefined
  readonly 'max-requests-inflight'?: string | undefined
  readonly 'max-mutating-requests-inflight'?: string | undefined
}

export interface FlowWishes {
  readonly priorityAndFairness: boolean
  readonly limits: InFlightLimits
}

/** Throws for values that kube-apiserver would not start with. */
export function flowWishes(values: Values): FlowWishes {
  const flag = values['enable-priority-and-fairness'] ?? 'true'
  if (flag !== 'true' && flag !== 'false') throw new Error(`--enable-priority-and-fairness ${flag}: must be true or false`)
  const priorityAndFairness = flag === 'true'
  const limits = {
    reading: limitOf('max-requests-inflight', values['max-requests-inflight'] ?? '400'),
    writing: limitOf('max-mutating-requests-inflight', values['max-mutating-requests-inflight'] ?? '200'),
  }
  if (priorityAndFairness && limits.reading + limits.writing === 0)
    throw new Error(
      'invalid configuration: MaxRequestsInFlight=0 and MaxMutatingRequestsInFlight=0; they must add up to something positive',
    )
  return { priorityAndFairness, limits }
}

function limitOf(flag: string, text: string): number {
  if (/^-\d+$/.test(text)) throw new Error(`--${flag} can not be negative value`)
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--${flag} ${text}: must be a number`)
  return Number(text)
}
