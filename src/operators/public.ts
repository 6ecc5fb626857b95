// What `import … from 'slipway/operators'` gives. Whoever writes an operator needs nothing else; docs/operators/reference.md explains it.
export { type Clock, systemClock } from '../apimachinery/clock.ts'
export { lastBetween, parseSchedule, type Schedule, ScheduleError } from '../apimachinery/cron-schedule.ts'
export { jsonText, parseJson } from '../apimachinery/json.ts'
export type { KubeObject, ObjectMeta, Unstructured } from '../apimachinery/object.ts'
export type { Resource } from '../apimachinery/resource.ts'
export { isAlreadyExists, isConflict, isNotFound, StatusError } from '../apimachinery/status.ts'
export type { Client } from '../client/client.ts'
export { fromKubeconfig, httpsClient } from '../client/https.ts'
export { type CustomResource, customResource, type ObjectOf } from '../crd/authoring/custom-resource.ts'
export { type InputOf, schema, type ValueOf } from '../crd/authoring/schema.ts'
export { type BuiltIn, type BuiltInKind, type KindName, resourceOf } from './built-in-kinds.ts'
export { findCondition, isTrue } from './conditions.ts'
export { type Duration, milliseconds } from './duration.ts'
export type { EventType } from './events.ts'
export { createLog, type Log, stderrLog } from './log.ts'
export {
  type CacheScope,
  type Child,
  type ConditionValue,
  type Declared,
  defineOperator,
  type Operator,
  type OperatorDefinition,
  type Outcome,
  type Reconcile,
  type Scope,
  type StatusUpdate,
  type Stored,
  watching,
} from './operator.ts'
export { rulesOf } from './rules.ts'
export { type RunningOperators, type RunOperatorsOptions, runOperators } from './run-operators.ts'
export { type OtlpOptions, type OtlpTracer, otlpTracer } from './telemetry/otlp.ts'
export type { Span, Tracer } from './telemetry/trace.ts'
export { token } from './token.ts'
export type { WebhookAddress } from './webhooks/configurations.ts'
export type { WebhookSettings } from './webhooks/start.ts'
export { type Conversion, type FieldProblem, type Operation, type Review, type Webhook, webhook } from './webhooks/webhook.ts'
export { TerminalError } from './work/worker.ts'
