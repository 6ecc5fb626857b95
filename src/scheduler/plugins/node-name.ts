import { definePlugin, fits, unresolvable } from '../framework.ts'

export const nodeName = definePlugin({
  name: 'NodeName',
  filter: (pod, node) =>
    !pod.spec?.nodeName || pod.spec.nodeName === node.name ? fits : unresolvable("node(s) didn't match the requested node name"),
  wakes: (event) => event.kind === 'node' && event.now !== undefined && event.before === undefined,
})
