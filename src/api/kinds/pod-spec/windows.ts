import { forbiddenField, invalid, notSupported, required } from '../../../apimachinery/field-error.ts'
import type { PodSpec, WindowsSecurityContextOptions } from '../../../apimachinery/kinds.generated.ts'
import { isDns1123Subdomain, isLonger } from '../../../apimachinery/names.ts'
import { type Errors, pushInvalid } from '../errors.ts'
import { visitContainers } from './visit.ts'

const netBios = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/
const dnsLabel = '[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?'
const dnsDomain = new RegExp(`^${dnsLabel}(?:\\.${dnsLabel})*$`)
const control = /[\x00-\x1f\x7f]/
const badUserCharacter = /["/\\:;|=,+*?<>@[\]]/
const onlyDotsAndSpaces = /^[. ]+$/

export function validateWindowsOptions(options: WindowsSecurityContextOptions | undefined, at: string, errors: Errors): void {
  if (!options) return
  const { gmsaCredentialSpecName: specName, gmsaCredentialSpec: spec, runAsUserName: user } = options
  if (specName != null) pushInvalid(errors, `${at}.gmsaCredentialSpecName`, specName, isDns1123Subdomain(specName))
  if (spec === '') errors.push(invalid(`${at}.gmsaCredentialSpec`, spec, 'gmsaCredentialSpec cannot be an empty string'))
  else if (spec != null && isLonger(spec, 65536)) {
    errors.push(invalid(`${at}.gmsaCredentialSpec`, spec, 'gmsaCredentialSpec size must be under 64 KiB'))
  }
  if (user != null) pushInvalid(errors, `${at}.runAsUserName`, user, userNameProblems(user))
}

function userNameProblems(name: string): string[] {
  if (name === '') return ['runAsUserName cannot be an empty string']
  if (control.test(name)) return ['runAsUserName cannot contain control characters']
  const parts = name.split('\\')
  if (parts.length > 2) return ['runAsUserName cannot contain more than one backslash']
  const user = parts.at(-1) ?? ''
  const domain = parts.length === 2 ? (parts[0] ?? '') : undefined
  const problems: string[] = []
  if (domain !== undefined) {
    if (domain.length >= 256) problems.push("runAsUserName's Domain length must be under 256 characters")
    if (!netBios.test(domain) && !dnsDomain.test(domain)) {
      problems.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format")
    }
  }
  if (user === '') problems.push("runAsUserName's User cannot be empty")
  else if (user.length > 104) problems.push("runAsUserName's User length must not be longer than 104 characters")
  if (onlyDotsAndSpaces.test(user)) problems.push("runAsUserName's User cannot contain only periods or spaces")
  if (badUserCharacter.test(user)) {
    problems.push('runAsUserName\'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]')
  }
  return problems
}

/** Either all containers are host processes, on the host's network, or none is. */
export function validateHostProcesses(spec: PodSpec, at: string, errors: Errors): void {
  const pod = spec.securityContext?.windowsOptions?.hostProcess
  let containers = 0
  let hostProcesses = 0
  visitContainers(spec, at, (container, path) => {
    containers++
    const own = container.securityContext?.windowsOptions?.hostProcess
    if (pod != null && own != null && pod !== own) {
      const text = `pod hostProcess value must be identical if both are specified, was ${pod}`
      errors.push(invalid(`${path}.securityContext.windowsOptions.hostProcess`, own, text))
    }
    if (own ?? pod) hostProcesses++
  })
  if (hostProcesses === 0) return
  if (hostProcesses !== containers) {
    const text = 'If pod contains any hostProcess containers then all containers must be HostProcess containers'
    errors.push(invalid(at, '', text))
  }
  if (!spec.hostNetwork) {
    errors.push(invalid(`${at}.hostNetwork`, false, 'hostNetwork must be true if pod contains any hostProcess containers'))
  }
}

const windowsPod = 'cannot be set for a windows pod'

/** What pods of the other operating system may not say. */
export function validateOs(spec: PodSpec, at: string, errors: Errors): void {
  if (!spec.os) return
  const name: string = spec.os.name
  if (!name) errors.push(required(`${at}.os.name`))
  else if (name === 'linux') validateLinux(spec, at, errors)
  else if (name === 'windows') validateWindows(spec, at, errors)
  else errors.push(notSupported(`${at}.os`, name, ['linux', 'windows']))
}

function validateLinux(spec: PodSpec, at: string, errors: Errors): void {
  const text = 'windows options cannot be set for a linux pod'
  if (spec.securityContext?.windowsOptions) errors.push(forbiddenField(`${at}.securityContext.windowsOptions`, text))
  visitContainers(spec, at, (container, path) => {
    if (container.securityContext?.windowsOptions) errors.push(forbiddenField(`${path}.securityContext.windowsOptions`, text))
  })
}

type ContextField = keyof NonNullable<PodSpec['securityContext']>
/** In Kubernetes' order: these, what is the host's, these, the shared processes, these. */
const linuxProfiles: readonly ContextField[] = ['appArmorProfile', 'seLinuxOptions']
const linuxFiles: readonly ContextField[] = ['seccompProfile', 'fsGroup', 'fsGroupChangePolicy']
const linuxUsers: readonly ContextField[] = [
  'runAsUser',
  'runAsGroup',
  'supplementalGroups',
  'supplementalGroupsPolicy',
  'seLinuxChangePolicy',
]
const containerContextFields = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
] as const

function validateWindows(spec: PodSpec, at: string, errors: Errors): void {
  const context = spec.securityContext
  const refuse = (path: string) => errors.push(forbiddenField(path, windowsPod))
  const refuseAll = (fields: readonly ContextField[]) => {
    for (const field of fields) if (context?.[field] != null) refuse(`${at}.securityContext.${field}`)
  }
  refuseAll(linuxProfiles)
  if (spec.hostUsers != null) refuse(`${at}.hostUsers`)
  if (spec.hostPID) refuse(`${at}.hostPID`)
  if (spec.hostIPC) refuse(`${at}.hostIPC`)
  refuseAll(linuxFiles)
  if (context?.sysctls?.length) refuse(`${at}.securityContext.sysctls`)
  if (spec.shareProcessNamespace != null) refuse(`${at}.shareProcessNamespace`)
  refuseAll(linuxUsers)
  visitContainers(spec, at, (container, path) => {
    for (const field of containerContextFields) {
      if (container.securityContext?.[field] != null) refuse(`${path}.securityContext.${field}`)
    }
  })
}
