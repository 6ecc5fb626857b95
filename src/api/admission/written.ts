import type { KubeObject } from '../../apimachinery/object.ts'
import { asWritten, hasEmpties } from '../schema/decode.ts'
import { typeOf } from '../schema/types.ts'
import type { AdmissionRequest } from './admission.ts'

/** The object with its type, as Go writes it for webhooks and expressions: without optional lists and maps that are empty. */
export function writtenObject(request: AdmissionRequest, object: KubeObject): KubeObject {
  const { group, version, kind } = request
  const typed = { kind, apiVersion: group ? `${group}/${version}` : version, ...object }
  const type = hasEmpties(object) ? typeOf(group, version, kind) : undefined
  return type ? asWritten(type, typed) : typed
}
