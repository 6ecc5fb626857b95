import type { SelfSubjectReview, TokenReview } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'

/** Reviews are asked, not stored. */
export const tokenReview = kind<TokenReview>({ gvk: 'authentication.k8s.io/v1/TokenReview', specFields: [] })
export const selfSubjectReview = kind<SelfSubjectReview>({ gvk: 'authentication.k8s.io/v1/SelfSubjectReview', specFields: [] })
