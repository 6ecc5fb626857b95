// --post-renderer, for the verbs that render.
import type { RenderOptions } from '../../helmlike/render/render.ts'
import type { Flags } from './flags.ts'

/** The step that the flags ask for. */
export async function postRendererOf(flags: Flags): Promise<Pick<RenderOptions, 'postRender'>> {
  const program = flags.get('post-renderer')
  if (program === undefined) return {}
  const { postRenderer } = await import('../../helmlike/render/post-render.ts')
  return { postRender: postRenderer(program, flags.all('post-renderer-args')) }
}
