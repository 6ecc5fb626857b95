import { type Environment, environmentOf, type Library } from './environment.ts'
import { authorizer } from './library/authorizer.ts'
import { conversions } from './library/conversions.ts'
import { format } from './library/format.ts'
import { jsonpatch } from './library/jsonpatch.ts'
import { kubernetesLists } from './library/kubernetes-lists.ts'
import { lists } from './library/lists.ts'
import { network } from './library/network.ts'
import { operators } from './library/operators.ts'
import { optionals } from './library/optionals.ts'
import { quantity } from './library/quantity.ts'
import { regex } from './library/regex.ts'
import { semver } from './library/semver.ts'
import { sets } from './library/sets.ts'
import { standard } from './library/standard.ts'
import { strings } from './library/strings.ts'
import { twoVariables } from './library/two-variables.ts'
import { urls } from './library/url.ts'

/** The language itself. */
export const LANGUAGE: readonly Library[] = [operators, conversions, standard, optionals, strings, twoVariables]

const KUBERNETES: readonly Library[] = [
  ...LANGUAGE,
  urls,
  regex,
  kubernetesLists,
  authorizer,
  quantity,
  sets,
  network,
  format,
  semver,
  lists,
]

/** What every expression of Kubernetes 1.36 can use; it has no variables yet. */
export const KUBERNETES_ENVIRONMENT: Environment = environmentOf(KUBERNETES, { homogeneousLiterals: true, escapedNames: false })

/** The same with jsonpatch.escapeKey, for mutating admission policies. */
export const MUTATION_ENVIRONMENT: Environment = environmentOf([...KUBERNETES, jsonpatch], {
  homogeneousLiterals: true,
  escapedNames: false,
})
