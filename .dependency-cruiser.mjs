/** Imports run one way: errors, options ← protocol ← runtime, delivery ← server ← cli. */
const room = (name, path, allowed) => ({
  name: `${name}-imports-only`,
  severity: 'error',
  from: { path },
  to: { pathNot: [...allowed, path] },
});

export default {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
    room('errors', '^src/errors\\.ts$', []),
    room('options', '^src/options\\.ts$', ['^src/errors\\.ts$', '^src/codec/codec\\.ts$', '^src/transports/transport\\.ts$']),
    room('protocol', '^src/protocol/', ['^src/errors\\.ts$', '^src/options\\.ts$']),
    room('codec', '^src/codec/', ['^src/errors\\.ts$', '^(node:)?[a-z/_]+$']),
    room('transports', '^src/transports/', ['^src/errors\\.ts$', '^(node:)?[a-z/_]+$']),
    room('delivery', '^src/delivery/', ['^src/errors\\.ts$', '^src/protocol/']),
    room('runtime', '^src/runtime/', [
      '^src/errors\\.ts$',
      '^src/protocol/',
      '^src/transports/transport\\.ts$',
      '^node_modules/(@types/)?debug/',
      '^(node:)?[a-z/_]+$',
    ]),
    room('cli', '^src/cli/', ['^src/index\\.ts$', '^(node:)?[a-z/_]+$']),
    {
      name: 'only-the-cli-uses-the-index',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(cli/|index\\.)' },
      to: { path: '^src/index\\.' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
