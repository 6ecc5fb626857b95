import type { DaemonSet } from '../../../apimachinery/kinds.generated.ts'
import { isSameAs } from '../errors.ts'
import { withoutAnnotations } from '../internal-metadata.ts'
import { kind } from '../kind.ts'
import { defaultPodTemplate } from '../pod-spec/defaults.ts'
import { prepareNewTemplated, prepareTemplated } from '../pod-spec/template-writes.ts'
import { workloadWarnings } from '../pod-spec/warnings.ts'
import { age, containerCells, labelsText, selectorCell } from '../table.ts'
import { validateDaemonSet, validateDaemonSetUpdate } from './daemon-set-validation.ts'

const templateGeneration = 'deprecated.daemonset.template.generation'

/** The generation of the template is an annotation of v1 that only template changes raise. */
function setTemplateGeneration(set: DaemonSet, generation: number): void {
  set.metadata.annotations = { ...set.metadata.annotations, [templateGeneration]: String(generation) }
}

const templateGenerationOf = (set: DaemonSet): number => Number(set.metadata.annotations?.[templateGeneration] ?? 0) || 0

const templateWarnings = workloadWarnings<DaemonSet>(({ spec }) => spec?.template, 'spec.template', false)

export const daemonSet = kind<DaemonSet>({
  gvk: 'apps/v1/DaemonSet',
  // What counts is the generation of the template.
  warnings: (set, old, context) =>
    old && templateGenerationOf(set) === templateGenerationOf(old) ? [] : templateWarnings(set, old, context),
  validate: validateDaemonSet,
  validateUpdate: validateDaemonSetUpdate,
  specFields: ['spec'],
  defaults: (set) => {
    setTemplateGeneration(set, templateGenerationOf(set))
    const { spec } = set
    if (!spec) return
    spec.updateStrategy ??= {}
    const strategy = spec.updateStrategy
    if (!strategy.type) strategy.type = 'RollingUpdate'
    if (strategy.type === 'RollingUpdate') {
      strategy.rollingUpdate ??= {}
      strategy.rollingUpdate.maxUnavailable ??= 1
      strategy.rollingUpdate.maxSurge ??= 0
    }
    spec.revisionHistoryLimit ??= 10
    defaultPodTemplate(spec.template)
  },
  prepareForCreate: (set) => {
    prepareNewTemplated(set)
    setTemplateGeneration(set, Math.max(templateGenerationOf(set), 1))
  },
  prepareForUpdate: (set, old, context) => {
    prepareTemplated(set, old, context)
    setTemplateGeneration(set, templateGenerationOf(old))
    if (context.subresource !== '') return
    const changed = !isSameAs('core.PodTemplateSpec', set.spec?.template, old.spec?.template)
    setTemplateGeneration(set, templateGenerationOf(old) + (changed ? 1 : 0))
  },
  internalMetadata: (metadata) => withoutAnnotations(metadata, [templateGeneration]),
  fromNothing: { metadata: { annotations: { [templateGeneration]: '0' } } },
  cells: (set, now) => [
    set.metadata.name,
    set.status?.desiredNumberScheduled ?? 0,
    set.status?.currentNumberScheduled ?? 0,
    set.status?.numberReady ?? 0,
    set.status?.updatedNumberScheduled ?? 0,
    set.status?.numberAvailable ?? 0,
    labelsText(set.spec?.template?.spec?.nodeSelector),
    age(set, now),
    ...containerCells(set.spec?.template?.spec),
    selectorCell(set.spec?.selector),
  ],
})
