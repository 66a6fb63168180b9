/**
 * Imports run one way: errors, options ← protocol ← runtime, delivery ← node ← server ← index ← cli. Transports and codecs
 * import their interface and errors.
 */
const room = (name, path, allowed) => ({
  name: `${name}-imports-only`,
  severity: 'error',
  from: { path },
  to: { pathNot: [path, ...allowed] },
});

const BUILTIN = '^(node:)?[a-z/_]+$';
const ERRORS = '^src/errors\\.ts$';
const BUILTINS = '^src/builtins\\.ts$';
const TIMERS = '^src/timers\\.ts$';
const OPTIONS = '^src/(options|ranges)\\.ts$';
const PLATFORM = '^src/platform\\.ts$';
const CODEC = '^src/codec/codec\\.ts$';
const TRANSPORT = '^src/transports/transport\\.ts$';
const SECURITY = '^src/transports/security\\.ts$';
const CREDENTIALS = '^src/credentials/';
const PROTOCOL = '^src/protocol/';

export default {
  forbidden: [
    {
      // Types may refer to one another: a peer has connections, and a connection belongs to a peer.
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
    room('errors', ERRORS, [TIMERS]),
    room('platform', PLATFORM, [BUILTINS, TIMERS, BUILTIN]),
    room('options', OPTIONS, [ERRORS, PLATFORM, CODEC, TRANSPORT, CREDENTIALS]),
    room('credentials', CREDENTIALS, [ERRORS, TRANSPORT, SECURITY, BUILTINS, BUILTIN]),
    room('protocol', PROTOCOL, [ERRORS, OPTIONS]),
    room('codec', '^src/codec/', [ERRORS, BUILTINS, BUILTIN]),
    room('transports', '^src/transports/', [ERRORS, BUILTINS, TIMERS, BUILTIN]),
    room('delivery', '^src/delivery/', [ERRORS, PROTOCOL]),
    room('runtime', '^src/runtime/', [
      ERRORS,
      PLATFORM,
      PROTOCOL,
      TRANSPORT,
      '^node_modules/(@types/)?debug/',
      BUILTIN,
    ]),
    room('testing', '^src/testing/', [
      ERRORS,
      OPTIONS,
      PLATFORM,
      PROTOCOL,
      TRANSPORT,
      TIMERS,
      '^src/(server|arguments|contract|transports/uri)\\.ts$',
      BUILTIN,
    ]),
    room('contract', '^src/contract\\.ts$', [ERRORS, '^src/protocol/output\\.ts$']),
    room('cli', '^src/cli/', ['^src/index\\.ts$', BUILTIN]),
    {
      name: 'nothing-that-ships-uses-testing',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/testing/' },
      to: { path: '^src/testing/' },
    },
    {
      name: 'only-the-server-uses-the-node',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/server\\.ts$' },
      to: { path: '^src/node\\.ts$' },
    },
    {
      name: 'only-the-cli-uses-the-index',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(cli/|index\\.)' },
      to: { path: '^src/(index\\.|cli/)' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
