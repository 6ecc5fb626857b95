// Gives every node a range of pod addresses of its own.
import type { Node } from '../apimachinery/kinds.generated.ts'
import { nodes } from '../apimachinery/resources.generated.ts'
import { type Controller, defineController } from '../operators/controller.ts'

const number = (address: string): number => address.split('.').reduce((n, part) => n * 256 + Number(part), 0)
const address = (n: number): string => [24, 16, 8, 0].map((shift) => Math.floor(n / 2 ** shift) % 256).join('.')

/** The first range of `nodeBits` within `clusterCidr` that is not in `used`; undefined when none is left. IPv4. */
export function freeRange(clusterCidr: string, nodeBits: number, used: ReadonlySet<string>): string | undefined {
  const [base = '', bits = ''] = clusterCidr.split('/')
  const count = 2 ** (nodeBits - Number(bits))
  const size = 2 ** (32 - nodeBits)
  const first = Math.floor(number(base) / size) * size
  for (let i = 0; i < count; i++) {
    const range = `${address(first + i * size)}/${nodeBits}`
    if (!used.has(range)) return range
  }
  return undefined
}

/** `clusterCidr` is cut into ranges of /24 (or as `nodeBits` says). */
export function nodeIpamController(clusterCidr: string, nodeBits = 24): Controller {
  // Ranges given out whose nodes may not show them yet: two nodes must never get the same.
  const given = new Map<string, string>()
  return defineController<Node>({
    name: 'node-ipam-controller',
    for: nodes,
    workers: 1,
    async reconcile(node, { client, informers, event }) {
      const name = node.metadata.name ?? ''
      if (node.spec?.podCIDR || node.metadata.deletionTimestamp) return undefined
      const others = informers.of(nodes).list()
      const used = new Set([...others.flatMap((n) => n.spec?.podCIDRs ?? n.spec?.podCIDR ?? []), ...given.values()])
      const range = given.get(name) ?? freeRange(clusterCidr, nodeBits, used)
      if (!range) {
        event(node, 'Warning', 'CIDRNotAvailable', `Node ${name} status is now: CIDRNotAvailable`)
        throw new Error(`no /${nodeBits} range left in ${clusterCidr} for node ${name}`)
      }
      given.set(name, range)
      const body = { spec: { podCIDR: range, podCIDRs: [range] } }
      await client.patch(nodes, name, { type: 'strategic', body })
      return undefined
    },
    removed: async (name) => void given.delete(name),
  })
}
