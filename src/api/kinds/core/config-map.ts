import type { ConfigMap } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { age } from '../table.ts'
import { validateConfigMap, validateConfigMapUpdate } from './config-map-validation.ts'

const size = (map: object | undefined): number => Object.keys(map ?? {}).length

export const configMap = kind<ConfigMap>({
  gvk: 'v1/ConfigMap',
  specFields: [],
  validate: validateConfigMap,
  validateUpdate: validateConfigMapUpdate,
  cells: (map, now) => [map.metadata.name, size(map.data) + size(map.binaryData), age(map, now)],
})
