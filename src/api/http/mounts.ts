import type { IncomingMessage, ServerResponse } from 'node:http'
import Koa from 'koa'

/** A part of the port that is not the API: requests whose path begins with `prefix`. */
export interface Mount {
  readonly prefix: string
  handle(req: IncomingMessage, res: ServerResponse): void | Promise<void>
}

/** What answers the requests of `mounts`. */
export function serveMounts(mounts: readonly Mount[]): (req: IncomingMessage, res: ServerResponse) => Promise<void> {
  const app = new Koa()
  app.use(async (context) => {
    const mount = mounts.find((m) => context.path.startsWith(m.prefix))
    if (!mount) return
    context.respond = false
    await mount.handle(context.req, context.res)
  })
  return app.callback() as (req: IncomingMessage, res: ServerResponse) => Promise<void>
}
