// --post-renderer, for the verbs that render: the name of a plugin, as with Helm 4, or a program, as with Helm 3.
import type { RenderOptions } from '../../../helmlike/render/render.ts'
import type { Flags } from './flags.ts'

/** The step that the flags ask for. */
export async function postRendererOf(flags: Flags): Promise<Pick<RenderOptions, 'postRender'>> {
  const program = flags.get('post-renderer')
  if (program === undefined) return {}
  const [{ postRenderer }, { postRendererPlugin }] = await Promise.all([
    import('../../../helmlike/render/post-render.ts'),
    import('./post-renderer-plugin.ts'),
  ])
  const args = flags.all('post-renderer-args')
  const plugin = postRendererPlugin(program, args)
  return { postRender: plugin ? postRenderer(plugin.program, plugin.args, plugin.env) : postRenderer(program, args) }
}
