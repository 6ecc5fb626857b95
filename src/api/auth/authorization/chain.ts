import type { PolicyRule } from '../../../apimachinery/kinds.generated.ts'
import type { Steps } from '../../../apimachinery/steps.ts'
import type { UserInfo } from '../../request.ts'
import type { Attributes, Authorize, Decision } from '../authorizer.ts'
import { isMaster } from '../users.ts'
import type { AuthorizerType } from './configuration.ts'
import type { AuthorizationMetrics } from './metrics.ts'

/** What a user may do by one authorizer, as far as that can be listed. */
export interface Rules {
  readonly rules: readonly PolicyRule[]
  readonly problems: readonly string[]
  /** There is more than is listed. */
  readonly incomplete: boolean
}

/** One authorizer of a chain. */
export interface ChainLink {
  readonly type: AuthorizerType
  readonly name: string
  readonly authorize: Authorize
  rulesFor(user: UserInfo, namespace: string): Steps<Rules>
}

/** Asks the authorizers in order, after the privileged group: the first that allows or denies decides. */
export function authorizeBy(
  links: readonly ChainLink[],
  attributes: Attributes,
  metrics: AuthorizationMetrics | undefined,
): Decision | Promise<Decision> {
  if (isMaster(attributes.user)) return { allowed: true, reason: '' }
  const before: Decision[] = []
  for (const [i, link] of links.entries()) {
    const decision = link.authorize(attributes)
    if (decision instanceof Promise) return resumed(links, i, decision, before, attributes, metrics)
    if (isFinal(link, decision, metrics)) return decision
    before.push(decision)
  }
  return nobodys(before)
}

/** The same, from the one whose answer must be waited for. */
async function resumed(
  links: readonly ChainLink[],
  from: number,
  first: Promise<Decision>,
  before: Decision[],
  attributes: Attributes,
  metrics: AuthorizationMetrics | undefined,
): Promise<Decision> {
  let waited: Decision | undefined = await first
  for (const link of links.slice(from)) {
    const decision: Decision = waited ?? (await link.authorize(attributes))
    waited = undefined
    if (isFinal(link, decision, metrics)) return decision
    before.push(decision)
  }
  return nobodys(before)
}

function isFinal({ type, name }: ChainLink, { allowed, denied }: Decision, metrics: AuthorizationMetrics | undefined): boolean {
  if (!allowed && !denied) return false
  metrics?.decided(type, name, allowed ? 'allowed' : 'denied')
  return true
}

function nobodys(decisions: readonly Decision[]): Decision {
  const errors = decisions.flatMap((d) => d.error ?? [])
  const reason = decisions
    .map((d) => d.reason)
    .filter(Boolean)
    .join('\n')
  if (errors.length === 0) return { allowed: false, reason }
  return { allowed: false, reason, error: errors.length === 1 ? (errors[0] as string) : `[${errors.join(', ')}]` }
}

/** What all of them allow, together. */
export function* rulesBy(links: readonly ChainLink[], user: UserInfo, namespace: string): Steps<Rules> {
  const all: Rules[] = []
  for (const link of links) all.push(yield* link.rulesFor(user, namespace))
  return {
    rules: all.flatMap((r) => r.rules),
    problems: all.flatMap((r) => r.problems),
    incomplete: all.some((r) => r.incomplete),
  }
}
