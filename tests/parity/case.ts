import { readdirSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

/** Cases of requests and what a real kube-apiserver answered, as the parity recordings hold them. */

export interface Case {
  readonly name: string
  readonly area: string
  readonly steps: readonly Step[]
  /** false: none is needed. */
  readonly namespace?: false | NamespaceWanted
  /** Texts that are not compared. */
  readonly mask?: readonly string[]
}

interface NamespaceWanted {
  readonly labels?: Record<string, string>
  readonly annotations?: Record<string, string>
  readonly noServiceAccount?: boolean
}

export interface Step {
  readonly method?: string
  readonly path: string
  readonly accept?: string
  readonly body?: unknown
  readonly contentType?: string
  readonly headers?: Record<string, string | null>
  /** Makes a big body of a small case. */
  readonly repeat?: { readonly token: string; readonly text: string; readonly times: number }
  readonly as?: Identity
  readonly watch?: { readonly seconds?: number; readonly untilEvents?: number }
  readonly wait?: number
  readonly poll?: Until
  /** false: it only prepares. */
  readonly judge?: boolean
  readonly save?: Record<string, string>
  readonly mask?: readonly string[]
  readonly compare?: Compared
}

/** Whose request it is: impersonated, of a token, or nobody's; else the judge's own. */
export interface Identity {
  readonly token?: string
  readonly anonymous?: boolean
  readonly user?: string
  readonly groups?: readonly string[]
  readonly uid?: string
  readonly extra?: Record<string, readonly string[]>
}

export interface Until {
  readonly seconds?: number
  readonly status?: number | readonly number[]
  readonly notStatus?: number
  readonly warnings?: number
  readonly pointer?: string
  readonly equals?: unknown
  readonly contains?: string
  readonly bodyContains?: string
}

/** What of an answer is compared; all of it when nothing is said. */
interface Compared {
  readonly body?: 'none' | 'prefix4' | 'lastLine'
  readonly only?: readonly string[]
  readonly ignore?: readonly string[]
  readonly keysOnly?: readonly string[]
  readonly sorted?: readonly string[]
  /** Where the recorded items are only some of those that must be there. */
  readonly subset?: readonly string[]
}

/** A text and where it stands. */
export type Message = readonly [path: string, text: string]

/** What is compared of an answer. */
export interface Recorded {
  readonly status: number
  readonly type: string
  readonly warnings?: number
  readonly retryAfter?: string
  readonly messages?: readonly Message[]
  readonly body?: unknown
}

const folder = new URL('../data/parity/', import.meta.url)
const unpacked = (file: string): string => gunzipSync(readFileSync(new URL(file, folder))).toString()

export function openCases(): Case[] {
  return readdirSync(new URL('cases', folder))
    .sort()
    .flatMap((file) => {
      const area = file.replace('.json.gz', '')
      return (JSON.parse(unpacked(`cases/${file}`)) as Case[]).map((c) => ({ ...c, area: c.area ?? area }))
    })
}

/** What is expected of each step, by the case's name; null for steps that are not judged. */
export function expectedAnswers(): Map<string, (Recorded | null)[]> {
  const found = new Map<string, (Recorded | null)[]>()
  for (const file of readdirSync(new URL('expected', folder))) {
    for (const line of unpacked(`expected/${file}`).split('\n')) {
      if (line === '') continue
      const row = JSON.parse(line) as { case: string; steps: (Recorded | null)[] }
      found.set(row.case, row.steps)
    }
  }
  return found
}
