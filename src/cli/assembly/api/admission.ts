import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { readAdmissionConfiguration } from '../../../api/admission/configuration.ts'
import type { AdmissionChoice } from '../../../api/admission/index.ts'

export const admissionFlags = {
  'enable-admission-plugins': { type: 'string' },
  'disable-admission-plugins': { type: 'string' },
  'admission-control-config-file': { type: 'string' },
} as const

export const admissionHelp = `
  --enable-admission-plugins A,B    admission plugins that are on besides the usual ones, by kube-apiserver's names
  --disable-admission-plugins A,B   admission plugins that are off, by kube-apiserver's names
  --admission-control-config-file FILE   AdmissionConfiguration: limits for EventRateLimit, selectors for PodNodeSelector, tolerations
                            for PodTolerationRestriction
`

type AdmissionValues = { readonly [K in keyof typeof admissionFlags]?: string | undefined }

/** Throws for files that are not good. */
export async function admissionWishes(values: AdmissionValues): Promise<AdmissionChoice> {
  const names = (text = ''): string[] => text.split(',').filter((name) => name !== '')
  const file = values['admission-control-config-file']
  const choice = {
    enabled: names(values['enable-admission-plugins']),
    disabled: names(values['disable-admission-plugins']),
  }
  if (!file) return choice
  const read = (path: string): Promise<string> => readFile(resolve(dirname(file), path), 'utf8')
  const origin = `--admission-control-config-file ${file}`
  return { ...choice, configuration: await readAdmissionConfiguration(await readFile(file, 'utf8'), origin, read) }
}
