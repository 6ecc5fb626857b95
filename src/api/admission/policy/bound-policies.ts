import type { CustomResourceDefinition, LabelSelector, MatchResources } from '../../../apimachinery/kinds.generated.ts'
import { matchesSelector } from '../../../apimachinery/label-selector.ts'
import type { KubeObject } from '../../../apimachinery/object.ts'
import { parseApiVersion, type Resource } from '../../../apimachinery/resource.ts'
import * as builtIn from '../../../apimachinery/resources.generated.ts'
import { atOnce, inTurns, type Steps } from '../../../apimachinery/steps.ts'
import type { Objects } from '../../objects.ts'

interface ParamKind {
  readonly apiVersion?: string
  readonly kind?: string
}
interface ParamRef {
  readonly name?: string
  readonly namespace?: string
  readonly selector?: LabelSelector
  readonly parameterNotFoundAction?: string
}

interface Policy extends KubeObject {
  spec?: { paramKind?: ParamKind; matchConstraints?: MatchResources; failurePolicy?: string }
}
interface PolicyBinding extends KubeObject {
  spec?: { policyName?: string; paramRef?: ParamRef; matchResources?: MatchResources; validationActions?: string[] }
}

/** A policy with its bindings, and what is compiled of it when it is first needed. */
export interface Bound<P, B, C> {
  readonly policy: P
  readonly bindings: readonly B[]
  readonly compiled: () => C
}

/** Bindings by the policy they name, and what was compiled of each policy; kept current by change. */
export class BoundPolicies<P extends Policy, B extends PolicyBinding, C> {
  readonly #objects: Objects
  readonly #policies: Resource<P>
  readonly #compile: (policy: P) => Steps<C>
  readonly #bindings = new Map<string, Map<string, B>>()
  readonly #compiled = new Map<string, { readonly revision: string | undefined; readonly compiled: C }>()

  constructor(objects: Objects, policies: Resource<P>, bindings: Resource<B>, compile: (policy: P) => Steps<C>) {
    this.#objects = objects
    this.#policies = policies
    this.#compile = compile
    for (const binding of objects.list(bindings)) this.#bind(binding)
    objects.onChange(bindings, (now, before) => {
      if (before) this.#bindings.get(before.spec?.policyName ?? '')?.delete(before.metadata.name ?? '')
      if (now) this.#bind(now)
    })
    objects.onChange(policies, (_now, before) => this.#compiled.delete(before?.metadata.name ?? ''))
  }

  get isEmpty(): boolean {
    return this.#bindings.size === 0
  }

  /** The policies that are bound, by name, each with its bindings by name. */
  list(): Bound<P, B, C>[] {
    const byName = <T extends KubeObject>(a: T, b: T): number => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1)
    return [...this.#objects.list(this.#policies)].sort(byName).flatMap((policy) => {
      const bindings = [...(this.#bindings.get(policy.metadata.name ?? '')?.values() ?? [])].sort(byName)
      return bindings.length > 0 ? [{ policy, bindings, compiled: () => this.#compiledOf(policy) }] : []
    })
  }

  #bind(binding: B): void {
    const name = binding.spec?.policyName ?? ''
    const bindings = this.#bindings.get(name) ?? new Map<string, B>()
    this.#bindings.set(name, bindings.set(binding.metadata.name ?? '', binding))
  }

  /** Compiles those of `bound` that are meant and were not compiled yet: an expression may be long. undefined: there are none. */
  compileFirst(bound: readonly Bound<P, B, C>[], isMeant: (policy: P) => boolean): Promise<void> | undefined {
    const missing = bound.filter(({ policy }) => this.#known(policy) === undefined && isMeant(policy))
    return missing.length === 0 ? undefined : this.#compileAll(missing.map(({ policy }) => policy))
  }

  async #compileAll(policies: readonly P[]): Promise<void> {
    for (const policy of policies) this.#keep(policy, await inTurns(this.#compile(policy)))
  }

  #compiledOf(policy: P): C {
    return (this.#known(policy) ?? this.#keep(policy, atOnce(this.#compile(policy)))).compiled
  }

  #known({ metadata }: P): { readonly compiled: C } | undefined {
    const known = this.#compiled.get(metadata.name ?? '')
    return known?.revision === metadata.resourceVersion ? known : undefined
  }

  #keep({ metadata }: P, compiled: C): { readonly compiled: C } {
    const kept = { revision: metadata.resourceVersion, compiled }
    this.#compiled.set(metadata.name ?? '', kept)
    return kept
  }
}

/** The resource of a kind, built in or custom; undefined when nothing serves it. */
function resourceOfKind(objects: Objects, { apiVersion = '', kind = '' }: ParamKind): Resource | undefined {
  const { group, version } = parseApiVersion(apiVersion)
  const known = (Object.values(builtIn) as Resource[]).find((r) => r.group === group && r.version === version && r.kind === kind)
  if (known) return known
  const isOf = ({ spec }: CustomResourceDefinition): boolean => spec.group === group && spec.names.kind === kind
  const definition = objects.list(builtIn.customresourcedefinitions).find(isOf)
  if (!definition?.spec.versions.some((v) => v.name === version && v.served)) return undefined
  return { group, version, resource: definition.spec.names.plural, kind, namespaced: definition.spec.scope === 'Namespaced' }
}

/** The params of a binding: `[undefined]` when it needs none. Throws an Error that says why there are none though there must be. */
export function paramsFor(
  objects: Objects,
  policy: Policy,
  binding: PolicyBinding,
  namespace: string | undefined,
): (KubeObject | undefined)[] {
  const paramKind = policy.spec?.paramKind
  const ref = binding.spec?.paramRef
  if (!paramKind || !ref) return [undefined]
  const resource = resourceOfKind(objects, paramKind)
  if (!resource)
    throw new Error(`failed to find resource referenced by paramKind: '${paramKind.apiVersion}, Kind=${paramKind.kind}'`)
  const found = findParams(objects, resource, ref, namespace)
  if (found.length === 0 && ref.parameterNotFoundAction === 'Deny') {
    throw new Error('no params found for policy binding with `Deny` parameterNotFoundAction')
  }
  return found.map((param) => ({ apiVersion: paramKind.apiVersion ?? '', kind: paramKind.kind ?? '', ...param }))
}

function findParams(objects: Objects, resource: Resource, ref: ParamRef, namespace: string | undefined): KubeObject[] {
  if (!resource.namespaced && ref.namespace) {
    throw new Error('paramRef.namespace must not be provided for a cluster-scoped `paramKind`')
  }
  const from = resource.namespaced ? ref.namespace || namespace : undefined
  if (resource.namespaced && !from) {
    throw new Error('cannot use namespaced paramRef in policy binding that matches cluster-scoped resources')
  }
  if (ref.name) {
    if (ref.selector) throw new Error('paramRef.name and paramRef.selector are mutually exclusive')
    const param = objects.get(resource, from, ref.name)
    return param ? [param] : []
  }
  const { selector } = ref
  if (!selector) throw new Error('one of name or selector must be provided')
  return objects.list(resource, from).filter((o) => matchesSelector(selector, o.metadata.labels ?? {}))
}
