/**
 * Modules of the platform that importing this library must not wait for: loading them takes a fifth of the time that it
 * takes (`npm run bench -- --only=start-up`), and many processes never come to use them. They are loaded when first asked for.
 */
export const builtins = {
  get crypto(): typeof import('node:crypto') {
    return process.getBuiltinModule('node:crypto');
  },
  get dns(): typeof import('node:dns') {
    return process.getBuiltinModule('node:dns');
  },
  get os(): typeof import('node:os') {
    return process.getBuiltinModule('node:os');
  },
  get tls(): typeof import('node:tls') {
    return process.getBuiltinModule('node:tls');
  },
  get workers(): typeof import('node:worker_threads') {
    return process.getBuiltinModule('node:worker_threads');
  },
};
