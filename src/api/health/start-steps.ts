import type { Check } from './checks.ts'

/** The parts of a start, in the order in which they are done. */
type StartStep = 'served' | 'objects' | 'authorities' | 'groups' | 'addresses' | 'roles' | 'advertised'

/** What kube-apiserver's health endpoints call them, in its order: tools look for these names. */
const names: readonly (readonly [string, StartStep])[] = [
  ['start-apiserver-admission-initializer', 'served'],
  ['generic-apiserver-start-informers', 'served'],
  ['max-in-flight-filter', 'served'],
  ['storage-object-count-tracker-hook', 'served'],
  ['start-apiextensions-informers', 'served'],
  ['start-apiextensions-controllers', 'served'],
  ['crd-informer-synced', 'served'],
  ['start-system-namespaces-controller', 'objects'],
  ['start-cluster-authentication-info-controller', 'authorities'],
  ['start-kube-apiserver-identity-lease-controller', 'advertised'],
  ['storage-readiness', 'served'],
  ['start-legacy-token-tracking-controller', 'objects'],
  ['start-service-ip-repair-controllers', 'addresses'],
  ['rbac/bootstrap-roles', 'roles'],
  ['scheduling/bootstrap-system-priority-classes', 'objects'],
  ['priority-and-fairness-config-producer', 'objects'],
  ['bootstrap-controller', 'advertised'],
  ['start-kubernetes-service-cidr-controller', 'objects'],
  ['start-kube-aggregator-informers', 'served'],
  ['apiservice-status-local-available-controller', 'groups'],
  ['apiservice-status-remote-available-controller', 'served'],
  ['apiservice-registration-controller', 'groups'],
  ['apiservice-discovery-controller', 'served'],
  ['kube-apiserver-autoregistration', 'groups'],
  ['apiservice-openapi-controller', 'served'],
  ['apiservice-openapiv3-controller', 'served'],
]

/** How far the start has come. What is not done yet is not ready. */
export class StartSteps {
  readonly #done = new Set<StartStep>()

  done(...steps: readonly StartStep[]): void {
    for (const step of steps) this.#done.add(step)
  }

  checks(): Check[] {
    return names.flatMap(([name, step]) => {
      const check = this.#check(`poststarthook/${name}`, step)
      return name === 'kube-apiserver-autoregistration' ? [check, this.#check('autoregister-completion', step)] : [check]
    })
  }

  #check(name: string, step: StartStep): Check {
    const run = () => {
      if (!this.#done.has(step)) throw new Error('not finished')
    }
    return { name, run }
  }
}
