import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Case, Recorded, Step, Until } from './case.ts'
import { normalized } from './normalize.ts'
import { at, isMembers } from './pointer.ts'
import type { Answer, Request, Requests } from './requests.ts'

/** What a case has saved, by name; `ns` is its namespace. */
export type Variables = Map<string, string>

const pollMs = 50
const pollSeconds = 15
const letters = 'bcdfghjklmnpqrstvwxz2456789'
const json = { 'content-type': 'application/json' }

/** Runs a case in a fresh namespace. What is compared of its answers; null for steps that are not judged. */
export async function runCase(requests: Requests, test: Case): Promise<(Recorded | null)[]> {
  const ns = `pc-${Array.from({ length: 10 }, () => letters[randomInt(letters.length)]).join('')}`
  const variables: Variables = new Map([['ns', ns]])
  const created: string[] = []
  const found: (Recorded | null)[] = []
  if (test.namespace !== false) await makeNamespace(requests, ns, test.namespace ?? {})
  try {
    for (const step of test.steps) {
      if (step.wait !== undefined) await sleep(step.wait * 1000)
      const answer = await answerTo(requests, step, variables)
      const made = madeBy(step, answer, variables)
      if (made !== undefined) created.push(made)
      found.push(step.judge === false ? null : normalized(answer, step, test, variables))
      for (const [name, pointer] of Object.entries(step.save ?? {})) {
        const value = at(answer.json, pointer)
        if (value !== undefined && value !== null) variables.set(name, typeof value === 'string' ? value : JSON.stringify(value))
      }
    }
  } finally {
    await clean(requests, ns, created, test.namespace !== false)
  }
  return found
}

async function makeNamespace(requests: Requests, name: string, wanted: Exclude<Case['namespace'], false | undefined>) {
  const { noServiceAccount, ...metadata } = wanted
  await post(requests, '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name, ...metadata } })
  if (noServiceAccount) return
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } }
  await post(requests, `/api/v1/namespaces/${name}/serviceaccounts`, account)
}

const post = (requests: Requests, path: string, body: object) =>
  requests.send({ method: 'POST', path, headers: json, body: Buffer.from(JSON.stringify(body)) })

async function answerTo(requests: Requests, step: Step, variables: Variables): Promise<Answer> {
  const ask = () => attempt(requests, step, requestOf(step, variables))
  let answer = await ask()
  const { poll } = step
  if (!poll) return answer
  const end = Date.now() + (poll.seconds ?? pollSeconds) * 1000
  while (!isSatisfied(answer, poll) && Date.now() < end) {
    await sleep(pollMs)
    answer = await ask()
  }
  return answer
}

async function attempt(requests: Requests, { watch }: Step, asked: Request): Promise<Answer> {
  try {
    return await (watch ? requests.watch(asked, watch.seconds ?? 5, watch.untilEvents) : requests.send(asked))
  } catch (e) {
    const json = { connectionError: String(e) }
    return { status: 0, type: '', warnings: [], retryAfter: undefined, raw: Buffer.alloc(0), json }
  }
}

function requestOf(step: Step, variables: Variables): Request {
  const headers = new Map([['accept', filled(step.accept ?? 'application/json', variables)]])
  if (step.body !== undefined || step.contentType !== undefined) {
    headers.set('content-type', step.contentType ?? 'application/json')
  }
  for (const [name, value] of Object.entries(step.headers ?? {})) {
    if (value === null) headers.delete(name.toLowerCase())
    else headers.set(name.toLowerCase(), filled(value, variables))
  }
  return {
    method: step.method ?? 'GET',
    path: escapedPath(filled(step.path, variables)),
    headers: Object.fromEntries(headers),
    body: bodyOf(step, variables),
    as: step.as && (filledIn(step.as, variables) as Step['as']),
  }
}

function bodyOf({ body, repeat }: Step, variables: Variables): Buffer | undefined {
  if (body === undefined) return undefined
  const text = typeof body === 'string' ? filled(body, variables) : JSON.stringify(filledIn(body, variables))
  return Buffer.from(repeat ? text.replaceAll(repeat.token, repeat.text.repeat(repeat.times)) : text)
}

const escapedPath = (path: string): string =>
  path.replace(/[^A-Za-z0-9/?&=%:,;!()*+$'@~._[\]-]/gu, (char) =>
    [...Buffer.from(char)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  )

function filled(text: string, variables: Variables): string {
  let result = text
  for (const [name, value] of variables) result = result.replaceAll(`\${${name}}`, value)
  return result
}

function filledIn(value: unknown, variables: Variables): unknown {
  if (typeof value === 'string') return filled(value, variables)
  if (Array.isArray(value)) return value.map((item) => filledIn(item, variables))
  if (!isMembers(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, v]) => [filled(key, variables), filledIn(v, variables)]))
}

function isSatisfied(answer: Answer, until: Until): boolean {
  if (until.status !== undefined && ![until.status].flat().includes(answer.status)) return false
  if (until.notStatus === answer.status) return false
  if (until.warnings !== undefined && answer.warnings.length !== until.warnings) return false
  if (until.pointer !== undefined) {
    const value = at(answer.json, until.pointer) ?? null
    if (until.equals !== undefined) return isDeepStrictEqual(value, until.equals)
    if (value === null) return false
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    return until.contains === undefined || text.includes(until.contains)
  }
  return until.bodyContains === undefined || answer.raw.includes(until.bodyContains)
}

/** The path of what a step created or may have. */
function madeBy({ method, path }: Step, { status, json }: Answer, variables: Variables): string | undefined {
  if (status !== 201 || !['POST', 'PUT', 'PATCH'].includes(method ?? 'GET') || path.includes('dryRun')) return undefined
  const name = at(json, '/metadata/name')
  const base = filled(path, variables).split('?')[0]
  return name ? (method === 'POST' ? `${base}/${name}` : base) : undefined
}

const notObjects = /\/bindings|\/eviction|\/token|reviews|\/binding\/|\/scale|\/status/

/** Removes what a case made; with nobody to finish deletions, finalizers are lifted by hand. */
async function clean(requests: Requests, ns: string, created: readonly string[], hasNamespace: boolean): Promise<void> {
  const ask = (method: string, path: string, type?: string, body?: unknown) => {
    const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
    return requests.send({ method, path, headers: type ? { 'content-type': type } : {}, body: bytes }).catch(() => undefined)
  }
  for (const path of created.toReversed().filter((p) => !notObjects.test(p))) {
    await ask('DELETE', `${path}?gracePeriodSeconds=0&propagationPolicy=Background`)
    const left = await ask('GET', path)
    if (left?.status !== 200 || !left.raw.includes('"finalizers"')) continue
    await ask('PATCH', path, 'application/merge-patch+json', { metadata: { finalizers: null } })
    await ask('DELETE', `${path}?gracePeriodSeconds=0`)
  }
  if (!hasNamespace) return
  const path = `/api/v1/namespaces/${ns}`
  await ask('DELETE', `${path}/serviceaccounts/default`)
  await ask('DELETE', path)
  const left = await ask('GET', path)
  if (left?.status !== 200) return
  const { spec, ...rest } = left.json as { spec?: object }
  await ask('PUT', `${path}/finalize`, 'application/json', { ...rest, spec: { ...spec, finalizers: [] } })
}
