import { aroundClient } from '../../client/around.ts'
import type { Client } from '../../client/client.ts'
import type { Term } from './gate.ts'

/** A write that was not sent, because somebody else may lead by now. */
class LeaseLost extends Error {
  constructor(what: string) {
    super(`${what} was not sent: this process does not lead any more`)
    this.name = 'LeaseLost'
  }
}

/** `client` of work that began in `term`: it writes only while that term lasts, by our own clock too. */
export function fenced(client: Client, term: Term): Client {
  return aroundClient(client, {
    call: async (about, send) => {
      if (about.writes && (term.signal.aborted || !term.isHeld()))
        throw new LeaseLost(`${about.verb} ${about.resource.resource} ${about.name}`)
      return send()
    },
  })
}
