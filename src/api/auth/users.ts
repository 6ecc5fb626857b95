import type { UserInfo } from '../request.ts'

/** Names that the API server itself gives meaning to (k8s.io/apiserver/pkg/authentication/user). */
export const anonymousUser = 'system:anonymous'
export const authenticatedGroup = 'system:authenticated'
export const unauthenticatedGroup = 'system:unauthenticated'
export const mastersGroup = 'system:masters'
export const nodesGroup = 'system:nodes'

const accountPrefix = 'system:serviceaccount:'
const nodePrefix = 'system:node:'

export function serviceAccountUser(namespace: string, name: string): string {
  return `${accountPrefix}${namespace}:${name}`
}

export function serviceAccountGroups(namespace: string): string[] {
  return ['system:serviceaccounts', `system:serviceaccounts:${namespace}`]
}

/** The service account that a user name stands for, or undefined when it stands for none. */
export function serviceAccountOf(user: string): { namespace: string; name: string } | undefined {
  if (!user.startsWith(accountPrefix)) return undefined
  const [namespace, name, ...rest] = user.slice(accountPrefix.length).split(':')
  const isLabel = namespace !== undefined && /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(namespace)
  return isLabel && name && rest.length === 0 ? { namespace, name } : undefined
}

/** Whether `user` is a node agent; `name` is '' when the group says so but the name names no node. */
export function nodeOf(user: UserInfo): { name: string } | undefined {
  if (!user.name.startsWith(nodePrefix) || !user.groups.includes(nodesGroup)) return undefined
  return { name: user.name.slice(nodePrefix.length) }
}

/** The node that a user name stands for, whatever its groups. */
export function nodeOfName(user: string): string | undefined {
  const name = user.startsWith(nodePrefix) ? user.slice(nodePrefix.length) : ''
  return name.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name) ? name : undefined
}

export const isMaster = (user: UserInfo): boolean => user.groups.includes(mastersGroup)

/** The users of the API server itself: its calls into its own pipeline. */
export const apiserverUser: UserInfo = { name: 'system:apiserver', groups: [mastersGroup, authenticatedGroup] }
