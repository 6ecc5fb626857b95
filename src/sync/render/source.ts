import { jsonText } from '../../apimachinery/json.ts'
import { type Application, builtInRepository, otherCluster } from '../application/application.ts'
import type { Repositories } from '../git/repositories.ts'
import { filesOf } from '../git/tree.ts'
import type { Manifest } from './manifest.ts'
import { type RenderChart, render, sourceTypeOf } from './render.ts'

/** Why an Application's source cannot be rendered: wrong in the Application, not in a file. */
export class SourceError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'SourceError'
  }
}

export interface Rendered {
  readonly manifests: readonly Manifest[]
  readonly type: string
}

/** Makes the chart renderer of one Application. */
export type ChartRendererFor = (app: Application) => RenderChart

const kept = 50

/** Renders Applications' sources, and remembers the last ones by commit and source: a commit never changes. */
export class SourceRenderer {
  readonly #repositories: Repositories
  readonly #chartRenderer: ChartRendererFor
  readonly #cache = new Map<string, Promise<Rendered>>()

  constructor(repositories: Repositories, chartRenderer: ChartRendererFor) {
    this.#repositories = repositories
    this.#chartRenderer = chartRenderer
  }

  /** The repository on the built-in Git server that the Application syncs from, into this cluster. Throws SourceError. */
  repositoryOf(app: Application): string {
    const cluster = otherCluster(app)
    if (cluster)
      throw new SourceError(`${cluster} is another cluster: spec.destination.server must be https://kubernetes.default.svc`)
    const source = app.spec.source
    if (!source) throw new SourceError('spec.source is missing; spec.sources is not supported yet')
    const repository = builtInRepository(source.repoURL)
    if (!repository)
      throw new SourceError(
        `${source.repoURL} is not a repository of the built-in Git server (https://kubernetes.default.svc/git/<name>.git)`,
      )
    return repository
  }

  /** The commit that the Application asks for now. Throws SourceError. */
  async commitOf(app: Application): Promise<string> {
    const repository = this.repositoryOf(app)
    if (!this.#repositories.has(repository)) throw new SourceError(`there is no repository ${repository}; push to make it`)
    const revision = app.spec.source?.targetRevision || 'HEAD'
    const commit = await this.#repositories.resolve(repository, revision)
    if (!commit) throw new SourceError(`${repository} has no revision ${revision}`)
    return commit
  }

  /** Throws ManifestError, TreeError or SourceError. */
  render(app: Application, commit: string): Promise<Rendered> {
    const key = jsonText([commit, app.spec.source, app.metadata.name, app.spec.destination.namespace])
    const found = this.#cache.get(key)
    if (found) return found
    const rendering = this.#render(app, commit)
    this.#cache.set(key, rendering)
    rendering.catch(() => this.#cache.delete(key))
    const oldest = this.#cache.keys().next().value
    if (this.#cache.size > kept && oldest !== undefined) this.#cache.delete(oldest)
    return rendering
  }

  async #render(app: Application, commit: string): Promise<Rendered> {
    const gitdir = this.#repositories.pathOf(this.repositoryOf(app))
    const recurse = app.spec.source?.directory?.recurse ?? false
    const all = await filesOf(gitdir, commit, app.spec.source?.path ?? '.')
    const type = sourceTypeOf(all.map((f) => f.path))
    const files = type === 'Directory' && !recurse ? all.filter((f) => !f.path.includes('/')) : all
    return { manifests: await render(files, this.#chartRenderer(app)), type }
  }
}
