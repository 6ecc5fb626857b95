import type { ApiResponse } from '../request.ts'

/** From so many code points on, every warning of an answer is cut, and after as many none is told any more. */
const mostLetters = 4096
const mostLettersOfOne = 256

/**
 * RFC 7234's `Warning: 299 - "text"`, one header line for each; several are joined by newlines for the transport to split.
 *
 * As kube-apiserver's recorder of warnings does (k8s.io/apiserver/pkg/endpoints/filters/warning.go).
 */
export function warned(response: ApiResponse, warnings: ReadonlySet<string>): ApiResponse {
  if (warnings.size === 0) return response
  const lines = warningsTold(warnings).map((w) => `299 - "${w.replace(/[\\"]/g, '\\$&')}"`)
  return lines.length === 0 ? response : { ...response, headers: { ...response.headers, warning: lines.join('\n') } }
}

/**
 * The texts of the header, in order: one with control characters is none. When they do not fit, all are cut, and they end
 * with the one that fills the header; those up to the one that did not fit are told in any case.
 */
export function warningsTold(warnings: Iterable<string>): string[] {
  const all = [...warnings].filter((w) => w !== '' && !isUnspeakable(w))
  const over = firstOver(all)
  if (over < 0) return all
  const told: string[] = []
  let letters = 0
  for (const [i, text] of all.entries()) {
    if (i > over && letters >= mostLetters) break
    const short = lengthOf(text) > mostLettersOfOne ? [...text].slice(0, mostLettersOfOne).join('') : text
    letters += lengthOf(short)
    told.push(short)
  }
  return told
}

/** The index of the text with which all together become too long; -1: they do not. */
function firstOver(texts: readonly string[]): number {
  let letters = 0
  return texts.findIndex((text) => {
    letters += lengthOf(text)
    return letters > mostLetters
  })
}

const isUnspeakable = (text: string): boolean => /[\u0000-\u001f\u007f-\u009f]/.test(text)

function lengthOf(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}
