import type { Operator } from '../operator.ts'
import { type AdmissionRequest, admit } from './admit.ts'
import { type ConversionRequest, convertReview } from './convert.ts'
import { conversionOf, webhooksOf } from './served-webhooks.ts'

/** Answers a review that came under `path`; undefined when nothing is served there. Throws Error for what is no review. */
export type AnswerReview = (path: string, review: unknown) => Promise<object> | undefined

/** How the webhooks of all operators answer, whichever way they are asked. */
export function reviewsOf(operators: readonly Operator[]): AnswerReview {
  const admissions = new Map(operators.flatMap(webhooksOf).map((w) => [w.path, w]))
  const conversions = new Map(operators.flatMap((o) => conversionOf(o) ?? []).map((c) => [c.path, c]))
  return (path, review) => {
    const webhook = admissions.get(path)
    if (webhook) return admit(webhook, requestIn(review) as AdmissionRequest)
    const conversion = conversions.get(path)
    return conversion && Promise.resolve(convertReview(conversion, requestIn(review) as ConversionRequest))
  }
}

function requestIn(review: unknown): object {
  const { request } = (review ?? {}) as { request?: object }
  if (typeof request === 'object' && request !== null) return request
  throw new Error('the body is no review: it has no request')
}
