import type { Pod } from '../../apimachinery/kinds.generated.ts'
import { definePlugin, type World } from '../framework.ts'

const mebibyte = 1024 * 1024
const least = 23 * mebibyte
const mostPerContainer = 1000 * mebibyte

/** As node status names images: with a tag. */
function normalized(image: string): string {
  return image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image
}

const containers = (pod: Pod) => [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]

export const imageLocality = definePlugin<undefined, World>({
  name: 'ImageLocality',
  weight: 1,
  prepareScore: (_pod, world) => world,
  // Bytes the node need not pull, less for images that few nodes have, so that pods don't crowd onto those.
  score: (pod, node, world) => {
    let bytes = 0
    for (const { image } of containers(pod)) {
      const name = normalized(image ?? '')
      const size = node.images.get(name)
      if (size !== undefined) bytes += Math.floor((size * world.nodesWithImage(name)) / world.nodes.length)
    }
    const most = mostPerContainer * containers(pod).length
    return Math.floor((100 * (Math.min(Math.max(bytes, least), most) - least)) / (most - least))
  },
})
