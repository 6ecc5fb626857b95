import { registerHooks } from 'node:module'

// Loaded once, also by `node --import`: `slipway/…` in a user's module means this Slipway, wherever the module is, so that both
// share one runtime.
registerHooks({
  resolve: (specifier, context, next) =>
    specifier.startsWith('slipway/') ? next(specifier, { ...context, parentURL: import.meta.url }) : next(specifier, context),
})
