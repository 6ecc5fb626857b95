/** Why a request gets no seat, by the names of kube-apiserver's metric. */
export type Refusal = 'queue-full' | 'concurrency-limit' | 'time-out'

export class Refused extends Error {
  readonly reason: Refusal
  constructor(reason: Refusal) {
    super(reason)
    this.name = 'Refused'
    this.reason = reason
  }
}
