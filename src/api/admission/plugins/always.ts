import type { AdmissionPlugin, AdmissionRequest } from '../admission.ts'
import { refuse } from '../refusal.ts'

/** Does nothing: kube-apiserver has it for who lists plugins. */
export const alwaysAdmit: AdmissionPlugin = { name: 'AlwaysAdmit' }

const refuseAll = (request: AdmissionRequest): void => {
  throw refuse(request, 'admission control is denying all modifications')
}

/** Refuses whatever would be written. */
export const alwaysDeny: AdmissionPlugin = { name: 'AlwaysDeny', mutate: refuseAll, validate: refuseAll }
