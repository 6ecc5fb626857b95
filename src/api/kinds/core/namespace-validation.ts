import { type FieldError, invalid } from '../../../apimachinery/field-error.ts'
import type { Namespace } from '../../../apimachinery/kinds.generated.ts'
import { checkQualifiedName, type Errors } from '../errors.ts'
import type { KindContext } from '../kind.ts'

const standard = new Set(['kubernetes', 'orphan', 'foregroundDeletion'])

function checkFinalizer(name: string, at: string, errors: Errors): void {
  checkQualifiedName(name, at, errors)
  if (name.includes('/') || standard.has(name)) return
  errors.push(invalid(at, name, 'name is neither a standard finalizer name nor is it fully qualified'))
}

export function validateNamespace({ spec }: Namespace): FieldError[] {
  const errors: Errors = []
  for (const name of spec?.finalizers ?? []) checkFinalizer(name, 'spec.finalizers', errors)
  return errors
}

export function validateNamespaceUpdate(namespace: Namespace, _old: Namespace, { subresource }: KindContext): FieldError[] {
  const errors: Errors = []
  if (subresource === 'finalize') {
    namespace.spec?.finalizers?.forEach((name, i) => {
      checkFinalizer(name, `spec.finalizers[${i}]`, errors)
    })
  }
  if (subresource !== 'status') return errors
  const phase = namespace.status?.phase ?? ''
  const deleted = Boolean(namespace.metadata.deletionTimestamp)
  const expected = deleted ? 'Terminating' : 'Active'
  if (phase !== expected) {
    const text = `may only be '${expected}' if \`deletionTimestamp\` is ${deleted ? 'not ' : ''}empty`
    errors.push(invalid('status.Phase', phase, text))
  }
  return errors
}
