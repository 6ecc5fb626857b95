import { declaredTypes, typed } from '../../../crd/cel/admission-types.ts'
import { extend, type StructTypes } from '../../../crd/cel/environment.ts'
import { fromJson } from '../../../crd/cel/json-values.ts'
import { KUBERNETES_ENVIRONMENT } from '../../../crd/cel/libraries.ts'
import { type CelType, DYN, mapOf, STRING, structType } from '../../../crd/cel/types.ts'
import type { UserInfo } from '../../request.ts'
import { compiledExpression, type Expression } from '../expression.ts'

/** What the claims of a token are to expressions: JSON. */
export type Claims = Readonly<Record<string, unknown>>

const USER = structType('kubernetes.UserInfo')
const structs: StructTypes = declaredTypes
const claimsEnvironment = extend(KUBERNETES_ENVIRONMENT, { variables: { claims: mapOf(STRING, DYN) }, structs })
const userEnvironment = extend(KUBERNETES_ENVIRONMENT, { variables: { user: USER }, structs })

/** Compiles an expression over `claims`. Throws ConfigError. `results`: what it may evaluate to; anything without. */
export function claimsExpression(source: string, at: string, results?: readonly CelType[]): Expression<Claims> {
  return compiledExpression(claimsEnvironment, source, at, results, (claims) => ({ claims: fromJson(claims) }))
}

/** Compiles an expression over `user`. Throws ConfigError. */
export function userExpression(source: string, at: string, results: readonly CelType[]): Expression<UserInfo> {
  return compiledExpression(userEnvironment, source, at, results, ({ name, uid = '', groups, extra = {} }) => ({
    user: typed({ username: name, uid, groups, extra }, USER),
  }))
}
