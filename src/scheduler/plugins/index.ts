import type { Plugin } from '../framework.ts'
import { balancedAllocation } from './balanced-allocation.ts'
import { imageLocality } from './image-locality.ts'
import { interPodAffinity } from './inter-pod-affinity.ts'
import { nodeAffinity } from './node-affinity.ts'
import { nodeName } from './node-name.ts'
import { podTopologySpread } from './pod-topology-spread.ts'
import { nodePorts } from './ports.ts'
import { resourceFit } from './resource-fit.ts'
import { schedulingGates } from './scheduling-gates.ts'
import { taintToleration } from './taint-toleration.ts'
import { unschedulableNodes } from './unschedulable.ts'

/** The default profile, in kube-scheduler's order: the first that rejects a node gives its reason. */
export const defaultPlugins: readonly Plugin[] = [
  schedulingGates,
  unschedulableNodes,
  nodeName,
  taintToleration,
  nodeAffinity,
  nodePorts,
  resourceFit,
  podTopologySpread,
  interPodAffinity,
  balancedAllocation,
  imageLocality,
]
