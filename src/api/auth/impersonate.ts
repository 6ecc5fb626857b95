import type { FieldError } from '../../apimachinery/field-error.ts'
import { quote } from '../../apimachinery/go-quote.ts'
import { badRequest } from '../../apimachinery/status.ts'
import { checkDomainPath } from '../kinds/domain-path.ts'
import type { UserInfo } from '../request.ts'
import type { Attributes, Authorize } from './authorizer.ts'
import { extraKey } from './extra-key.ts'
import { forbiddenRequest } from './forbidden.ts'
import { identitiesIn } from './identity-headers.ts'
import {
  anonymousUser,
  authenticatedGroup,
  mastersGroup,
  nodeOfName,
  serviceAccountGroups,
  serviceAccountOf,
  unauthenticatedGroup,
} from './users.ts'

interface Wanted {
  readonly name: string
  readonly uid: string
  readonly groups: readonly string[]
  readonly extra: Readonly<Record<string, readonly string[]>>
}

/** A way to impersonate; `verb` undefined is the old one, which needs only the verb `impersonate`. */
type Mode = 'associated-node' | 'arbitrary-node' | 'serviceaccount' | 'user-info' | undefined

/** Who a request goes on as. */
export interface Impersonated {
  readonly user: UserInfo
  /** The verb that allowed it, when it was not the old one. */
  readonly constraint?: string
}

/**
 * The user to go on as: `attributes.user`, or the one that its Impersonate-* headers name, if it may. Throws StatusError.
 */
export type Impersonate = (headers: Readonly<Record<string, string>>, attributes: Attributes) => Promise<Impersonated>

/** The users whose last way is remembered. */
const mostRemembered = 10_000

/**
 * Narrow modes are tried first, then the old one, but before all of them the one by which the same user last succeeded: its refusal is the one that
 * is told (k8s.io/apiserver/pkg/endpoints/filters/impersonation).
 */
export function impersonator(authorize: Authorize): Impersonate {
  const last = new Map<string, Mode>()
  const remember = (name: string, mode: Mode): void => {
    last.delete(name)
    last.set(name, mode)
    const [oldest] = last.keys()
    if (last.size > mostRemembered && oldest !== undefined) last.delete(oldest)
  }
  return async (headers, attributes) => {
    const wanted = wantedUser(headers)
    const { user: sender } = attributes
    if (!wanted) return { user: sender }
    const modes = modesFor(wanted, sender)
    const known = last.get(sender.name)
    const first = modes.filter((mode) => last.has(sender.name) && mode === known)
    let refusal: unknown
    for (const mode of [...first, ...modes.filter((mode) => !first.includes(mode))]) {
      try {
        const user = await tryMode(mode, wanted, attributes, authorize)
        remember(sender.name, mode)
        return mode ? { user, constraint: `impersonate:${mode}` } : { user }
      } catch (error) {
        refusal ??= error
      }
    }
    throw refusal
  }
}

/** Most requests do not. */
function asksToImpersonate(headers: Readonly<Record<string, string>>): boolean {
  for (const name in headers) if (name.startsWith('impersonate-')) return true
  return false
}

function wantedUser(headers: Readonly<Record<string, string>>): Wanted | undefined {
  if (!asksToImpersonate(headers)) return undefined
  const prefix = 'impersonate-extra-'
  const extra = Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [extraKey(name.slice(prefix.length)), identitiesIn(name, value)]),
  )
  const wanted = {
    name: identitiesIn('impersonate-user', headers['impersonate-user'])[0] ?? '',
    uid: identitiesIn('impersonate-uid', headers['impersonate-uid'])[0] ?? '',
    groups: identitiesIn('impersonate-group', headers['impersonate-group']),
    extra,
  }
  if (wanted.name !== '') return wanted
  if (!wanted.uid && wanted.groups.length === 0 && Object.keys(extra).length === 0) return undefined
  throw badRequest(`requested ${goSyntax(wanted)} without impersonating a user name`)
}

/** Go's %#v, which the real server puts into this message. */
function goSyntax({ name, uid, groups, extra }: Wanted): string {
  const list = (items: readonly string[]) => `{${items.map((g) => JSON.stringify(g)).join(', ')}}`
  const entries = Object.entries(extra).map(([k, v]) => `${JSON.stringify(k)}:[]string${list(v)}`)
  const groupText = groups.length > 0 ? `[]string${list(groups)}` : '[]string(nil)'
  const extraText = entries.length > 0 ? `map[string][]string{${entries.join(', ')}}` : 'map[string][]string(nil)'
  return `&user.DefaultInfo{Name:${JSON.stringify(name)}, UID:${JSON.stringify(uid)}, Groups:${groupText}, Extra:${extraText}}`
}

function modesFor(wanted: Wanted, requestor: UserInfo): Mode[] {
  const node = nodeOfName(wanted.name)
  const account = serviceAccountOf(wanted.name)
  const nameOnly = wanted.uid === '' && wanted.groups.length === 0 && Object.keys(wanted.extra).length === 0
  const [ownNode] = requestor.extra?.['authentication.kubernetes.io/node-name'] ?? []
  const modes: Mode[] = []
  if (nameOnly && node && serviceAccountOf(requestor.name) && ownNode === node) modes.push('associated-node')
  if (nameOnly && node) modes.push('arbitrary-node')
  if (nameOnly && account) modes.push('serviceaccount')
  if (!node && !account) modes.push('user-info')
  return [...modes, undefined]
}

async function tryMode(mode: Mode, wanted: Wanted, attributes: Attributes, authorize: Authorize): Promise<UserInfo> {
  const check = async (asked: Attributes): Promise<void> => {
    const decision = await authorize(asked)
    if (!decision.allowed) throw forbiddenRequest(asked, decision.reason)
  }
  const allows = async (asked: Attributes): Promise<boolean> => (await authorize(asked)).allowed
  const requestor = mode === 'associated-node' ? withoutExtraValues(attributes.user) : attributes.user
  if (mode) await check({ ...attributes, user: requestor, verb: `impersonate-on:${mode}:${attributes.verb}` })
  const verb = mode ? `impersonate:${mode}` : 'impersonate'
  const asks = (group: string, resource: string, name: string, namespace = '', subresource = ''): Attributes => ({
    user: requestor,
    verb,
    resource: { group, version: group ? 'v1' : '', resource, subresource, namespace, name },
  })
  const group = mode ? 'authentication.k8s.io' : ''
  const groups = await checkName(mode, wanted, (...r) => asks(group, ...r), check)
  if (wanted.uid) await check(asks('authentication.k8s.io', 'uids', wanted.uid))
  if (mode) refuseGroups(wanted.groups, (name) => asks(group, 'groups', name))
  const allGroups = mode !== undefined && wanted.groups.length >= many && (await allows(asks(group, 'groups', '*')))
  if (!allGroups) for (const name of wanted.groups) await check(asks(group, 'groups', name))
  const extra = (key: string, value: string) => asks('authentication.k8s.io', 'userextras', value, '', key)
  const problem = mode && extraProblem(wanted.extra)
  if (problem !== undefined) throw forbiddenRequest(extra('', ''), problem)
  const pairs = Object.entries(wanted.extra).flatMap(([key, list]) => list.map((value) => [key, value] as const))
  const allExtra = mode !== undefined && pairs.length >= many && (await allows(extra('*', '*')))
  if (!allExtra) for (const [key, value] of pairs) await check(extra(key, value))
  return { ...wanted, groups: withMembership(wanted.name, groups) }
}

async function checkName(
  mode: Mode,
  wanted: Wanted,
  asks: (resource: string, name: string, namespace?: string) => Attributes,
  check: (asked: Attributes) => Promise<void>,
): Promise<readonly string[]> {
  const node = mode ? nodeOfName(wanted.name) : undefined
  const account = serviceAccountOf(wanted.name)
  if (node) {
    await check(asks('nodes', mode === 'associated-node' ? '*' : node))
    return ['system:nodes']
  }
  if (!account) {
    await check(asks('users', wanted.name))
    return wanted.groups
  }
  await check(asks('serviceaccounts', account.name, account.namespace))
  return wanted.groups.length > 0 ? wanted.groups : serviceAccountGroups(account.namespace)
}

/** So many questions are first asked as one, in narrow modes. */
const many = 4

/** What narrow modes never allow. */
function refuseGroups(groups: readonly string[], asked: (name: string) => Attributes): void {
  if (groups.includes('')) throw forbiddenRequest(asked(''), 'impersonating the empty string group is not allowed')
  if (groups.includes(mastersGroup))
    throw forbiddenRequest(asked(mastersGroup), 'impersonating the system:masters group is not allowed')
}

function extraProblem(extra: Wanted['extra']): string | undefined {
  for (const [key, values] of Object.entries(extra)) {
    if (key === '') return 'impersonating the empty string key in extra is not allowed'
    const errors: FieldError[] = []
    checkDomainPath(key, 'extra.key', errors)
    if (errors.length > 0) return `impersonating an invalid key in extra is not allowed: ${together(errors)}`
    if (key !== key.toLowerCase()) return `impersonating a non-lowercase key in extra is not allowed: ${quote(key)}`
    if (values.includes('')) return 'impersonating the empty string value in extra is not allowed'
  }
  return undefined
}

/** As an aggregate of Go's errors. */
function together(errors: readonly FieldError[]): string {
  const texts = errors.map(({ field, message }) => `${field}: ${message}`)
  return texts.length === 1 ? (texts[0] as string) : `[${texts.join(', ')}]`
}

function withoutExtraValues(user: UserInfo): UserInfo {
  const keys = Object.keys(user.extra ?? {}).sort()
  return { ...user, extra: { 'authentication.kubernetes.io/associated-node-keys': keys } }
}

function withMembership(name: string, groups: readonly string[]): readonly string[] {
  if (groups.includes(unauthenticatedGroup)) return groups
  const membership = name === anonymousUser ? unauthenticatedGroup : authenticatedGroup
  return groups.includes(membership) ? groups : [...groups, membership]
}
