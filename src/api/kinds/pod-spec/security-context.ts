import { duplicate, forbiddenField, invalid, notSupported, required } from '../../../apimachinery/field-error.ts'
import type {
  AppArmorProfile,
  PodSecurityContext,
  PodSpec,
  SeccompProfile,
  SecurityContext,
} from '../../../apimachinery/kinds.generated.ts'
import { isId, isLonger } from '../../../apimachinery/names.ts'
import { internal } from '../../schema/internal.ts'
import { checkLength, checkSupported, type Errors, pushInvalid } from '../errors.ts'
import type { PodRules } from './options.ts'
import { checkDescendingPath } from './paths.ts'
import { validateWindowsOptions } from './windows.ts'

function checkIds(context: { runAsUser?: number; runAsGroup?: number }, at: string, errors: Errors): void {
  if (context.runAsUser != null) pushInvalid(errors, `${at}.runAsUser`, context.runAsUser, isId(context.runAsUser))
  if (context.runAsGroup != null) pushInvalid(errors, `${at}.runAsGroup`, context.runAsGroup, isId(context.runAsGroup))
}

function validateSeccomp(profile: SeccompProfile | undefined, at: string, errors: Errors): void {
  if (!profile) return
  const { type, localhostProfile } = profile
  if (!type) errors.push(required(`${at}.type`, 'type is required when seccompProfile is set'))
  else checkSupported(type, ['Localhost', 'RuntimeDefault', 'Unconfined'], `${at}.type`, errors)
  const path = `${at}.localhostProfile`
  if (type === 'Localhost') {
    if (localhostProfile == null) errors.push(required(path, 'must be set when seccomp type is Localhost'))
    else checkDescendingPath(localhostProfile, path, errors)
  } else if (localhostProfile != null) {
    errors.push(invalid(path, internal('*core.SeccompProfile', profile), 'can only be set when seccomp type is Localhost'))
  }
}

export function validateAppArmor(profile: AppArmorProfile | undefined, at: string, errors: Errors): void {
  if (!profile) return
  const { type, localhostProfile: local } = profile
  const path = `${at}.localhostProfile`
  if (!type) errors.push(required(`${at}.type`, 'type is required when appArmorProfile is set'))
  else if (type === 'Localhost') {
    if (local == null) errors.push(required(path, 'must be set when AppArmor type is Localhost'))
    else {
      if (local.trim() !== local) errors.push(invalid(path, local, 'must not be padded with whitespace'))
      else if (local === '') errors.push(required(path, 'must be set when AppArmor type is Localhost'))
      checkLength(local, 4095, path, errors)
    }
  } else if (type === 'RuntimeDefault' || type === 'Unconfined') {
    if (local != null) errors.push(invalid(path, local, 'can only be set when AppArmor type is Localhost'))
  } else errors.push(notSupported(`${at}.type`, type, ['Localhost', 'RuntimeDefault', 'Unconfined']))
}

/** The security context of a container; `hostUsers` is whether the pod uses the host's user namespace. */
export function validateSecurityContext(
  context: SecurityContext | undefined,
  hostUsers: boolean,
  at: string,
  errors: Errors,
): void {
  if (!context) return
  checkIds(context, at, errors)
  const { procMount, privileged, capabilities } = context
  if (procMount != null) {
    checkSupported(procMount, ['Default', 'Unmasked'], `${at}.procMount`, errors)
    if (hostUsers && procMount === 'Unmasked') {
      errors.push(invalid(`${at}.procMount`, procMount, '`hostUsers` must be false to use `Unmasked`'))
    }
  }
  validateSeccomp(context.seccompProfile, `${at}.seccompProfile`, errors)
  if (context.allowPrivilegeEscalation === false) {
    const text = 'cannot set `allowPrivilegeEscalation` to false and'
    if (privileged) errors.push(invalid(at, internal('core.SecurityContext', context), `${text} \`privileged\` to true`))
    for (const added of capabilities?.add ?? []) {
      if (added === 'CAP_SYS_ADMIN')
        errors.push(invalid(at, internal('core.SecurityContext', context), `${text} \`capabilities.Add\` CAP_SYS_ADMIN`))
    }
  }
  validateWindowsOptions(context.windowsOptions, `${at}.windowsOptions`, errors)
  validateAppArmor(context.appArmorProfile, `${at}.appArmorProfile`, errors)
}

export function validatePodSecurityContext(spec: PodSpec, at: string, rules: PodRules, errors: Errors): void {
  const context = spec.securityContext
  if (!context) return
  const path = `${at}.securityContext`
  if (context.fsGroup != null) pushInvalid(errors, `${path}.fsGroup`, context.fsGroup, isId(context.fsGroup))
  checkIds(context, path, errors)
  context.supplementalGroups?.forEach((id, i) => {
    pushInvalid(errors, `${path}.supplementalGroups[${i}]`, id, isId(id))
  })
  if (spec.shareProcessNamespace && spec.hostPID) {
    const text = 'ShareProcessNamespace and HostPID cannot both be enabled'
    errors.push(invalid(`${path}.shareProcessNamespace`, true, text))
  }
  if (context.sysctls) validateSysctls(context.sysctls, spec, `${path}.sysctls`, rules, errors)
  if (context.fsGroupChangePolicy != null) {
    checkSupported(context.fsGroupChangePolicy, ['Always', 'OnRootMismatch'], `${path}.fsGroupChangePolicy`, errors)
  }
  validateSeccomp(context.seccompProfile, `${path}.seccompProfile`, errors)
  validateWindowsOptions(context.windowsOptions, `${path}.windowsOptions`, errors)
  validateAppArmor(context.appArmorProfile, `${path}.appArmorProfile`, errors)
  if (context.supplementalGroupsPolicy != null) {
    checkSupported(context.supplementalGroupsPolicy, ['Merge', 'Strict'], `${path}.supplementalGroupsPolicy`, errors)
  }
  if (context.seLinuxChangePolicy != null) {
    const allowed = rules.anySeLinuxChangePolicy ? ['MountOption', 'Recursive'] : ['Recursive']
    checkSupported(context.seLinuxChangePolicy, allowed, `${path}.seLinuxChangePolicy`, errors)
  }
}

const sysctlSegment = '[a-z0-9]([-_a-z0-9]*[a-z0-9])?'
const sysctlPattern = `^(${sysctlSegment}[\\./])*${sysctlSegment}$`
const sysctl = new RegExp(sysctlPattern)
const ipcSysctls = ['kernel.shm', 'kernel.msg', 'fs.mqueue.']

/** The namespace that a sysctl belongs to. */
function namespaceOf(name: string): 'net' | 'ipc' | undefined {
  const dotted = name.includes('/') && !/^[^./]*\./.test(name) ? name.replace(/[./]/g, (c) => (c === '/' ? '.' : '/')) : name
  if (dotted.startsWith('net.')) return 'net'
  return dotted === 'kernel.sem' || ipcSysctls.some((prefix) => dotted.startsWith(prefix)) ? 'ipc' : undefined
}

/** Why a pod that shares a namespace with the host may not set a sysctl of it. */
export function hostSysctlProblem(name: string, { hostNetwork, hostIPC }: PodSpec): string | undefined {
  const namespace = namespaceOf(name)
  if (hostNetwork && namespace === 'net') return "may not be specified when 'hostNetwork' is true"
  return hostIPC && namespace === 'ipc' ? "may not be specified when 'hostIPC' is true" : undefined
}

type Sysctls = NonNullable<PodSecurityContext['sysctls']>

function validateSysctls(sysctls: Sysctls, spec: PodSpec, at: string, rules: PodRules, errors: Errors): void {
  const seen = new Set<string>()
  sysctls.forEach(({ name }, i) => {
    const path = `${at}[${i}].name`
    if (!name) errors.push(required(path))
    else if (isLonger(name, 253) || !sysctl.test(name)) {
      errors.push(invalid(path, name, `must have at most 253 characters and match regex ${sysctlPattern}`))
    } else if (seen.has(name)) errors.push(duplicate(path, name))
    const problem = rules.anyHostSysctl ? undefined : hostSysctlProblem(name ?? '', spec)
    if (problem) errors.push(invalid(path, name, problem))
    seen.add(name)
  })
}

/** What a pod with its own users may not share with the host. */
export function validateHostUsers(spec: PodSpec, at: string, errors: Errors): void {
  if (spec.hostUsers !== false) return
  const text = 'when `hostUsers` is false'
  if (spec.hostNetwork) errors.push(forbiddenField(`${at}.hostNetwork`, text))
  if (spec.hostPID) errors.push(forbiddenField(`${at}.HostPID`, text))
  if (spec.hostIPC) errors.push(forbiddenField(`${at}.HostIPC`, text))
}
