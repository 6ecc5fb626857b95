import type { Credentials } from '../auth/authenticate.ts'
import type { Authorizer } from '../auth/authorize.ts'
import type { Authorize } from '../auth/authorizer.ts'
import type { ReviewToken } from '../auth/bearer-tokens.ts'
import type { TokenIssuer } from '../auth/service-account-tokens.ts'
import type { UserInfo } from '../request.ts'

/** Who asks, and may they: what the pipeline needs of src/api/auth. */
export interface Security {
  /** Throws 401. */
  authenticate(request: Credentials): UserInfo | Promise<UserInfo>
  readonly authorize: Authorize
  /** For SelfSubjectRulesReview and role escalation. */
  readonly authorizer?: Authorizer
  /** For TokenReview. */
  readonly reviewToken?: ReviewToken
  /** For TokenRequest and the OpenID documents. */
  readonly issuer?: TokenIssuer
}
