import type {
  LocalSubjectAccessReview,
  SelfSubjectAccessReview,
  SelfSubjectRulesReview,
  SubjectAccessReview,
} from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'

/** Reviews are asked, not stored. */
export const subjectAccessReview = kind<SubjectAccessReview>({
  gvk: 'authorization.k8s.io/v1/SubjectAccessReview',
  specFields: [],
})
export const selfSubjectAccessReview = kind<SelfSubjectAccessReview>({
  gvk: 'authorization.k8s.io/v1/SelfSubjectAccessReview',
  specFields: [],
})
export const localSubjectAccessReview = kind<LocalSubjectAccessReview>({
  gvk: 'authorization.k8s.io/v1/LocalSubjectAccessReview',
  specFields: [],
})
export const selfSubjectRulesReview = kind<SelfSubjectRulesReview>({
  gvk: 'authorization.k8s.io/v1/SelfSubjectRulesReview',
  specFields: [],
})
