import { createRequire, registerHooks } from 'node:module'

/** What dockerode loads in any case and an agent on its own machine never uses: an SSH client, and gRPC for image builds. */
const unused = new Set(['@grpc/grpc-js', '@grpc/proto-loader', ...(process.env.DOCKER_HOST?.startsWith('ssh:') ? [] : ['ssh2'])])

// Together they are 14 MiB and a good part of the start; a small built-in module stands in for them.
const hooks = registerHooks({
  resolve: (specifier, context, next) => next(unused.has(specifier) ? 'node:tty' : specifier, context),
})
const Docker = createRequire(import.meta.url)('dockerode') as typeof import('dockerode')
hooks.deregister()

export { Docker }
