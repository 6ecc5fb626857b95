import { badRequest } from '../../apimachinery/status.ts'
import type { UserInfo } from '../request.ts'
import type { Attributes, Authorize } from './authorizer.ts'
import { extraKey } from './extra-key.ts'
import { forbiddenRequest } from './forbidden.ts'
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
 * The user to go on as: `attributes.user`, or the one that its Impersonate-* headers name, if it may.
 * Narrow modes are tried first, then the old one (k8s.io/apiserver/pkg/endpoints/filters/impersonation). Throws StatusError.
 */
export async function impersonate(
  headers: Readonly<Record<string, string>>,
  attributes: Attributes,
  authorize: Authorize,
): Promise<Impersonated> {
  const wanted = wantedUser(headers)
  if (!wanted) return { user: attributes.user }
  let refusal: unknown
  for (const mode of modesFor(wanted, attributes.user)) {
    try {
      const user = await tryMode(mode, wanted, attributes, authorize)
      return mode ? { user, constraint: `impersonate:${mode}` } : { user }
    } catch (error) {
      refusal ??= error
    }
  }
  throw refusal
}

const values = (header: string | undefined): string[] => (header === undefined ? [] : header.split(/,\s*/))

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
      .map(([name, value]) => [extraKey(name.slice(prefix.length)), values(value)]),
  )
  const wanted = {
    name: headers['impersonate-user'] ?? '',
    uid: headers['impersonate-uid'] ?? '',
    groups: values(headers['impersonate-group']),
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
  for (const name of wanted.groups) {
    refuseGroup(mode, asks(group, 'groups', name), name)
    await check(asks(group, 'groups', name))
  }
  for (const [key, list] of Object.entries(wanted.extra)) {
    for (const value of list) await check(asks('authentication.k8s.io', 'userextras', value, '', key))
  }
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

function refuseGroup(mode: Mode, asked: Attributes, name: string): void {
  if (!mode) return
  if (name === '') throw forbiddenRequest(asked, 'impersonating the empty string group is not allowed')
  if (name === mastersGroup) throw forbiddenRequest(asked, 'impersonating the system:masters group is not allowed')
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
