import { forbiddenField, invalid } from '../../../apimachinery/field-error.ts'
import { atOnce } from '../../../apimachinery/steps.ts'
import { type DeclaredSize, estimateCost } from '../../../crd/cel/cost-estimate.ts'
import { extend, type StructTypes } from '../../../crd/cel/environment.ts'
import { KUBERNETES_ENVIRONMENT } from '../../../crd/cel/libraries.ts'
import { compileExpression } from '../../../crd/cel/program.ts'
import { CompileError } from '../../../crd/cel/source.ts'
import { ANY, BOOL, type CelType, DYN, mapOf, STRING, structType } from '../../../crd/cel/types.ts'
import type { Errors } from '../errors.ts'

const DEVICE = structType('kubernetes.DRADevice')

const fields: Readonly<Record<string, CelType>> = {
  driver: STRING,
  attributes: mapOf(STRING, mapOf(STRING, ANY)),
  capacity: mapOf(STRING, mapOf(STRING, structType('kubernetes.Quantity'))),
  allowMultipleAllocations: BOOL,
}

const { structs: known } = KUBERNETES_ENVIRONMENT
const structs: StructTypes = {
  find: (name) => (name === DEVICE.name ? DEVICE : known?.find(name)),
  field: (name, field) =>
    name === DEVICE.name ? (Object.hasOwn(fields, field) ? fields[field] : undefined) : known?.field(name, field),
}

/** What a selector of devices may use (k8s.io/dynamic-resource-allocation/cel). */
const environment = extend(KUBERNETES_ENVIRONMENT, { structs, variables: { device: DEVICE } })

const maxCost = 1_000_000
/** Names and values of devices are short, and a device has few of them. */
const mostTexts = 64
const mostAttributes = 32
const results: ReadonlySet<CelType> = new Set([BOOL, ANY, DYN])

/** A selector must compile, say yes or no, and cost little whatever device it looks at. */
export function checkDeviceExpression(source: string, at: string, errors: Errors): void {
  try {
    const { type, checked } = compileExpression(source, environment)
    if (![...results].some((r) => String(r) === String(type))) {
      errors.push(invalid(at, source, `must evaluate to bool or the unknown type, not ${type}`))
      return
    }
    if (!checked) return
    const sizes: DeclaredSize = ({ type: operand }) => ({ min: 0, max: operand.kind === 'map' ? mostAttributes : mostTexts })
    const cost = atOnce(estimateCost(checked, sizes))
    if (cost.max > maxCost) errors.push(forbiddenField(at, 'too complex, exceeds cost limit'))
  } catch (error) {
    if (!(error instanceof CompileError)) throw error
    errors.push(invalid(at, source, `compilation failed: ${error.message}`))
  }
}
