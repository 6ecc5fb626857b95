import { forbiddenField, invalid, required } from '../../../apimachinery/field-error.ts'
import type { HTTPGetAction, Lifecycle, LifecycleHandler, PodSpec, Probe } from '../../../apimachinery/kinds.generated.ts'
import { isHttpHeaderName, isPortName, isPortNumber } from '../../../apimachinery/names.ts'
import { checkNotNegative, checkSupported, type Errors, pushInvalid, requireText } from '../errors.ts'

type Handler = Pick<LifecycleHandler, 'exec' | 'httpGet' | 'tcpSocket' | 'sleep'> & Pick<Probe, 'grpc'>

/** A port by number or by name. */
export function validatePort(port: number | string | undefined, at: string, errors: Errors): void {
  if (typeof port === 'string') pushInvalid(errors, at, port, isPortName(port))
  else pushInvalid(errors, at, port ?? 0, isPortNumber(port ?? 0))
}

function validateHttpGet(action: HTTPGetAction, at: string, errors: Errors): void {
  requireText(action.path, `${at}.path`, errors)
  validatePort(action.port, `${at}.port`, errors)
  checkSupported(action.scheme, ['HTTP', 'HTTPS'], `${at}.scheme`, errors)
  for (const { name } of action.httpHeaders ?? []) pushInvalid(errors, `${at}.httpHeaders`, name, isHttpHeaderName(name))
}

/** Exactly one kind of handler; `grace` bounds how long a sleep may take. */
function validateHandler(handler: Handler, grace: number | undefined, at: string, errors: Errors): void {
  let found = false
  const one = (name: string, present: unknown, check: (path: string) => void) => {
    if (!present) return
    if (found) errors.push(forbiddenField(`${at}.${name}`, 'may not specify more than 1 handler type'))
    else check(`${at}.${name}`)
    found = true
  }
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler
  one('exec', exec, (path) => {
    if (!exec?.command?.length) errors.push(required(`${path}.command`))
  })
  one('httpGet', httpGet, (path) => httpGet && validateHttpGet(httpGet, path, errors))
  one('tcpSocket', tcpSocket, (path) => validatePort(tcpSocket?.port, `${path}.port`, errors))
  one('grpc', grpc, (path) => validatePort(grpc?.port, `${path}.port`, errors))
  one('sleep', sleep, (path) => {
    const seconds = sleep?.seconds ?? 0
    if (grace === undefined || (seconds >= 0 && seconds <= grace)) return
    errors.push(invalid(path, seconds, `must be non-negative and less than terminationGracePeriodSeconds (${grace})`))
  })
  if (!found) errors.push(required(at, 'must specify a handler type'))
}

function validateProbe(probe: Probe, grace: number | undefined, at: string, errors: Errors): void {
  validateHandler(probe, grace, at, errors)
  checkNotNegative(probe.initialDelaySeconds, `${at}.initialDelaySeconds`, errors)
  checkNotNegative(probe.timeoutSeconds, `${at}.timeoutSeconds`, errors)
  checkNotNegative(probe.periodSeconds, `${at}.periodSeconds`, errors)
  checkNotNegative(probe.successThreshold, `${at}.successThreshold`, errors)
  checkNotNegative(probe.failureThreshold, `${at}.failureThreshold`, errors)
  const seconds = probe.terminationGracePeriodSeconds
  if (seconds != null && seconds <= 0) {
    errors.push(invalid(`${at}.terminationGracePeriodSeconds`, seconds, 'must be greater than 0'))
  }
}

interface Probed {
  livenessProbe?: Probe
  readinessProbe?: Probe
  startupProbe?: Probe
}

export function validateProbes(container: Probed, grace: number | undefined, at: string, errors: Errors): void {
  const { livenessProbe, readinessProbe, startupProbe } = container
  if (livenessProbe) validateOneSuccess(livenessProbe, grace, `${at}.livenessProbe`, errors)
  if (readinessProbe) {
    validateProbe(readinessProbe, grace, `${at}.readinessProbe`, errors)
    const seconds = readinessProbe.terminationGracePeriodSeconds
    const path = `${at}.readinessProbe.terminationGracePeriodSeconds`
    if (seconds != null) errors.push(invalid(path, seconds, 'must not be set for readinessProbes'))
  }
  if (startupProbe) validateOneSuccess(startupProbe, grace, `${at}.startupProbe`, errors)
}

function validateOneSuccess(probe: Probe, grace: number | undefined, at: string, errors: Errors): void {
  validateProbe(probe, grace, at, errors)
  if (probe.successThreshold !== 1) errors.push(invalid(`${at}.successThreshold`, probe.successThreshold ?? 0, 'must be 1'))
}

export function validateLifecycle(
  lifecycle: Lifecycle,
  { terminationGracePeriodSeconds: grace, os }: PodSpec,
  at: string,
  errors: Errors,
): void {
  if (lifecycle.postStart) validateHandler(lifecycle.postStart, grace, `${at}.postStart`, errors)
  if (lifecycle.preStop) validateHandler(lifecycle.preStop, grace, `${at}.preStop`, errors)
  if (!lifecycle.stopSignal) return
  const path = `${at}.stopSignal`
  if (!os) errors.push(forbiddenField(path, 'may not be set for containers with empty `spec.os.name`'))
  else if (os.name === 'windows') checkSupported(lifecycle.stopSignal, ['SIGKILL', 'SIGTERM'], path, errors)
}
