import type { Container, PodSpec } from '../../../apimachinery/kinds.generated.ts'

/** Calls `visit` for every container of a pod with its path: init, ordinary, ephemeral. */
export function visitContainers(spec: PodSpec, at: string, visit: (container: Container, path: string) => void): void {
  spec.initContainers?.forEach((c, i) => {
    visit(c, `${at}.initContainers[${i}]`)
  })
  spec.containers?.forEach((c, i) => {
    visit(c, `${at}.containers[${i}]`)
  })
  spec.ephemeralContainers?.forEach((c, i) => {
    visit(c as Container, `${at}.ephemeralContainers[${i}]`)
  })
}
