import { invalid, tooLong, tooMany } from '../../../apimachinery/field-error.ts'
import type { AllocatedDeviceStatus, NetworkDeviceData } from '../../../apimachinery/kinds.generated.ts'
import { isLonger } from '../../../apimachinery/names.ts'
import { validateConditions } from '../conditions.ts'
import { checkLabel, type Errors } from '../errors.ts'
import { interfaceAddressProblems } from '../ip.ts'
import { checkCsiDriver } from '../pod-spec/volume-sources.ts'
import { checkRawObject } from './claim-validation.ts'
import { checkPoolName, checkSet } from './names.ts'

const mostConditions = 8
const maxData = 10 * 1024

interface Place {
  readonly driver?: string
  readonly pool?: string
  readonly device?: string
  readonly shareID?: string
}

/** Which device, or which share of one, as one text. */
export const deviceId = ({ driver = '', pool = '', device = '', shareID }: Place): string =>
  `${driver}/${pool}/${device}${shareID ? `/${shareID}` : ''}`

/** The same as Go shows it. */
export const shownId = ({ driver = '', pool = '', device = '', shareID = '' }: Place): object => ({
  Driver: driver,
  Pool: pool,
  Device: device,
  ShareID: shareID,
})

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

export function checkShareId(id: string, at: string, errors: Errors): void {
  if (uuid.test(id)) return
  const isOtherForm = uuid.test(id.toLowerCase().replace(/^urn:uuid:|^\{|\}$/g, '')) || /^[0-9a-fA-F]{32}$/.test(id)
  const text = isOtherForm
    ? 'uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters'
    : `error validating uid: ${[36, 38, 41, 45].includes(id.length) ? 'invalid UUID format' : `invalid UUID length: ${id.length}`}`
  errors.push(invalid(at, id, text))
}

/** What a driver says of a device; it must be one of those that are allocated. */
export function validateDeviceStatus(
  device: AllocatedDeviceStatus,
  allocated: ReadonlySet<string>,
  at: string,
  errors: Errors,
): void {
  checkCsiDriver(device.driver, `${at}.driver`, errors)
  checkPoolName(device.pool, `${at}.pool`, errors)
  checkLabel(device.device ?? '', `${at}.device`, errors)
  if (device.shareID !== undefined) checkShareId(device.shareID, `${at}.shareID`, errors)
  if (!allocated.has(deviceId(device))) {
    errors.push(invalid(at, shownId(device), 'must be an allocated device in the claim'))
  }
  const count = device.conditions?.length ?? 0
  if (count > mostConditions) errors.push(tooMany(`${at}.conditions`, count, mostConditions))
  validateConditions(device.conditions, `${at}.conditions`, errors)
  if (device.data !== undefined) checkRawObject(device.data, maxData, `${at}.data`, errors)
  if (device.networkData) validateNetwork(device.networkData, `${at}.networkData`, errors)
}

function validateNetwork({ interfaceName = '', hardwareAddress = '', ips }: NetworkDeviceData, at: string, errors: Errors): void {
  if (isLonger(interfaceName, 256)) errors.push(tooLong(`${at}.interfaceName`, 256))
  if (isLonger(hardwareAddress, 128)) errors.push(tooLong(`${at}.hardwareAddress`, 128))
  const check = (ip: string, path: string) => {
    for (const problem of interfaceAddressProblems(ip)) errors.push(invalid(path, ip, problem))
  }
  checkSet(ips, 16, check, (ip) => ip, `${at}.ips`, errors)
}
