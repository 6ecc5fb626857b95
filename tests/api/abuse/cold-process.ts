import { setImmediate as nextTurn } from 'node:timers/promises'
import { asking } from './asking.ts'
import { coldRequests } from './cold-requests.ts'
import { longestTurn } from './turns.ts'

/** A process that gets one of `coldRequests`, the one named by its argument, and prints how long others waited, as JSON. */
const request = coldRequests.find(({ name }) => name === process.argv[2])
if (!request) throw new Error(`no such request: ${process.argv[2]}`)
const { ask } = await asking()
for (const { target, body } of request.before ?? []) {
  const post = () => ask('POST', target, body, { 'content-type': 'application/json' })
  let { status, text } = await post()
  // A kind is served when its definition is established.
  while (status === 404) {
    await nextTurn()
    ;({ status, text } = await post())
  }
  if (status !== 201) throw new Error(`${status} ${text.slice(0, 300)}`)
}
const { method, target, type = 'json', accept = 'application/json', body } = request
const bytes = body === undefined ? undefined : Buffer.from(body)
let answer = { status: 0, text: '' }
// Once: a second time is not the first.
const turn = await longestTurn(async () => {
  answer = await ask(method, target, bytes, { 'content-type': `application/${type}`, accept })
}, Number.POSITIVE_INFINITY)
process.stdout.write(JSON.stringify({ turn, status: answer.status, text: answer.text.slice(0, 300) }))
process.exit(0)
