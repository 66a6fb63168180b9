// As Jest does it: a `require` of its own, which knows scripts only, in a realm that shares no classes with Node's modules but
// those of bytes and of signals. Two nodes say hello there, over sockets and in virtual time. Prints what the test compares.
const { readFileSync } = require('node:fs');
const { createRequire, isBuiltin } = require('node:module');
const { dirname } = require('node:path');
const { compileFunction, createContext } = require('node:vm');

const shared = 'process console Buffer ArrayBuffer Uint8Array AbortController AbortSignal TextDecoder TextEncoder URL';
const timers =
  'performance queueMicrotask setTimeout clearTimeout setInterval clearInterval setImmediate clearImmediate';
const context = createContext({});
for (const name of `${shared} ${timers}`.split(' ')) context[name] = globalThis[name];

const loaded = new Map();

function load(file) {
  const known = loaded.get(file);
  if (known !== undefined) return known.exports;
  const module = { exports: {} };
  loaded.set(file, module);
  const { resolve } = createRequire(file);
  const requireThere = (name) => (isBuiltin(name) ? require(name) : load(resolve(name)));
  const names = ['module', 'exports', 'require', '__filename', '__dirname'];
  const script = compileFunction(readFileSync(file, 'utf8'), names, { filename: file, parsingContext: context });
  script(module, module.exports, requireThere, file, dirname(file));
  return module.exports;
}

const test = compileFunction(
  `const Server = require('masterless');
  const { Simulation } = require('masterless/testing');
  return (async () => {
    const [left, right] = ['left', 'right'].map((id) => new Server(id));
    await new Promise((resolve) => right.once('listening', resolve));
    const had = new Promise((resolve) => right.once('message', (_sender, packet) => resolve(packet)));
    await left.connect(right.info());
    await left.deliver('right', { date: new Date(5), list: [1, 2.5, 3n], bytes: Buffer.from('abc') });
    const { date, list, bytes } = await had;
    const refused = await left.connect('tcp://127.0.0.1:1').catch((error) => error);
    await Promise.all([left.close(), right.close()]);
    const sim = new Simulation({ seed: 1 });
    const [a, b] = ['a', 'b'].map((id) => sim.server(id));
    const id = await sim.until(a.connect('sim://b'));
    await sim.close();
    return {
      packet: [date instanceof Date, date, Array.isArray(list), list.map(String), bytes instanceof Uint8Array, [...bytes]],
      refused: [refused instanceof Error, refused instanceof Server.MasterlessError, refused.code],
      simulated: [b instanceof Server, id],
    };
  })();`,
  ['require'],
  { parsingContext: context },
);

test((name) => load(require.resolve(name))).then((seen) => console.log(JSON.stringify(seen)));
