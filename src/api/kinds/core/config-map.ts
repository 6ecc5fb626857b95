import type { ConfigMap } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { age } from '../table.ts'

const size = (map: object | undefined): number => Object.keys(map ?? {}).length

export const configMap = kind<ConfigMap>({
  gvk: 'v1/ConfigMap',
  specFields: [],
  cells: (map, now) => [map.metadata.name, size(map.data) + size(map.binaryData), age(map, now)],
})
