// The plugin that --post-renderer names, if there is one.
import { installedPlugins } from '../../../helmlike/plugin/installed.ts'
import { postRendererOf } from '../../../helmlike/plugin/run.ts'

export function postRendererPlugin(name: string, args: readonly string[]): ReturnType<typeof postRendererOf> | undefined {
  const plugin = installedPlugins(process.env).find((p) => p.name === name && p.type === 'postrenderer/v1')
  return plugin && postRendererOf(plugin, args, process.env)
}
