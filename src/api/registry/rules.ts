import type { KubeObject } from '../../apimachinery/object.ts'
import type { Steps } from '../../apimachinery/steps.ts'
import type { AppliedKind } from '../apply/applied-kind.ts'
import {
  asStored,
  asWritten,
  canonicalSteps,
  type Decoded,
  decodePatched,
  decodePatchedSteps,
  decodeTextSteps,
  decodeUntypedSteps,
  decodeValue,
  hasEmpties,
} from '../schema/decode.ts'
import type { StructType } from '../schema/types.ts'

/**
 * How text and values become canonical objects of one kind. A built-in kind has Go's struct type; a custom one its schema.
 * Pure; `Decoded.strictErrors` are the unknown and duplicate fields.
 */
export interface ObjectRules {
  /** In steps, for large ones. */
  decode(text: string): Steps<Decoded>
  /** A parsed value: YAML, protobuf, the result of a JSON or merge patch, an object from a caller in process. */
  decodeValue(value: unknown): Decoded
  /** The result of a strategic merge patch; of a custom kind, of any patch. In steps, for large ones. */
  decodePatched(value: unknown): Steps<Decoded>
  /** The result of server-side apply, whose nulls are what somebody applied: they stay, to be judged. */
  decodeApplied(value: unknown): Decoded
  /** What is kept of an applied or scaled object that was found valid: unknown fields of a custom one count until then. */
  pruned?(object: KubeObject): KubeObject
  /** As it would be stored, after something changed it. */
  canonical(object: KubeObject): KubeObject
  /** As `canonical`, in steps. */
  canonicalSteps(object: KubeObject): Steps<KubeObject>
  /** As Go holds it before it is stored, for an object with empty lists or maps; undefined for any other. */
  withEmpties(object: KubeObject): Steps<KubeObject | undefined>
  /** How field management sees a custom kind. */
  readonly appliedKind?: AppliedKind
  /** Go's struct type; undefined for custom kinds. */
  readonly type: StructType | undefined
}

/** What kube-apiserver keeps as JSON, which has empty lists, and not as protobuf. */
const groupsInJson = new Set(['apiextensions.k8s.io', 'apiregistration.k8s.io'])

/** `type` is asked for when it is first needed: most kinds of a server are never used. */
export function builtInRules(type: () => StructType, group = ''): ObjectRules {
  const kept = groupsInJson.has(group) ? asWritten : asStored
  return {
    decode: (text) => decodeTextSteps(type(), text),
    decodeValue: (value) => decodeValue(type(), value),
    decodePatched: (value) => decodePatchedSteps(type(), value),
    decodeApplied: (value) => decodePatched(type(), value),
    canonical: (object) => kept(type(), object) as unknown as KubeObject,
    canonicalSteps: (object) => canonicalSteps(type(), object, kept === asStored ? 'stored' : 'written'),
    *withEmpties(object) {
      return hasEmpties(object) ? yield* canonicalSteps(type(), object) : undefined
    },
    get type() {
      return type()
    },
  }
}

/** Without a schema: every field is kept. */
export const untypedRules: ObjectRules = {
  decode: decodeUntypedSteps,
  decodeValue: (value) => ({ value: value as Record<string, unknown>, strictErrors: [] }),
  *decodePatched(value) {
    yield
    return { value: value as Record<string, unknown>, strictErrors: [] }
  },
  decodeApplied: (value) => ({ value: value as Record<string, unknown>, strictErrors: [] }),
  canonical: (object) => object,
  *canonicalSteps(object) {
    yield
    return object
  },
  *withEmpties() {
    yield
    return undefined
  },
  type: undefined,
}
