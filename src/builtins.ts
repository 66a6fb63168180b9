/**
 * Modules of the platform that importing this library must not wait for (`npm run bench -- --only=start-up`). Loading most of
 * them takes a fifth of the time that it takes, and many processes never come to use them: they are loaded when first asked
 * for. `buffer`, `fs` and `util` are there in any process, but an `import` of them takes 2 of 29 ms, for names that nobody needs.
 */
export const builtins = {
  get buffer(): typeof import('node:buffer') {
    return process.getBuiltinModule('node:buffer');
  },
  get crypto(): typeof import('node:crypto') {
    return process.getBuiltinModule('node:crypto');
  },
  get dns(): typeof import('node:dns') {
    return process.getBuiltinModule('node:dns');
  },
  get fs(): typeof import('node:fs') {
    return process.getBuiltinModule('node:fs');
  },
  get os(): typeof import('node:os') {
    return process.getBuiltinModule('node:os');
  },
  get tls(): typeof import('node:tls') {
    return process.getBuiltinModule('node:tls');
  },
  get util(): typeof import('node:util') {
    return process.getBuiltinModule('node:util');
  },
  get workers(): typeof import('node:worker_threads') {
    return process.getBuiltinModule('node:worker_threads');
  },
};
