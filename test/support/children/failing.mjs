// Runs into every documented error with the credentials that it is told, while DEBUG=* is set, and prints all that a program
// could print of it: each error and event whole, and what the debugger says.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { createServer as createSecureServer } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { msgpack, Server } from '../../../dist/index.js';

// Looked at when the first node is made.
Object.assign(process.env, { DEBUG: '*', DEBUG_DEPTH: '20', DEBUG_SHOW_HIDDEN: 'yes' });
const { credentials, stranger, wrong, member, hellos, text } = await new Promise((resolve) => {
  process.once('message', resolve);
});
process.disconnect();

const print = (what) => {
  console.log(inspect(what, { depth: null, showHidden: true, maxStringLength: null, maxArrayLength: null }));
  console.log(String(what instanceof Error ? what.stack : what), JSON.stringify(what));
};
process.on('warning', print);

const nodes = [];
const folded = (options) => ('tls' in options ? { authorize: () => true, ...options } : options);

function node(id, options = {}) {
  const made = new Server(id, { ...folded(credentials), listen: [], closeTimeout: 200, reconnect: false, ...options });
  const { emit } = made;
  made.emit = (event, ...args) => {
    print([event, ...args]);
    return emit.call(made, event, ...args);
  };
  made.on('error', () => undefined);
  nodes.push(made);
  return made;
}

async function listening(id, options = {}) {
  const made = node(id, { listen: 'tcp://127.0.0.1:0', ...options });
  await once(made, 'listening');
  return made;
}

// What a call throws or rejects with.
async function fails(call) {
  try {
    await call();
  } catch (error) {
    print(error);
    return;
  }
  throw new Error(`nothing went wrong with ${call}`);
}

// A transport of the application's own, which does not say that it is secure.
function own() {
  const text = (uri) => uri;
  return { scheme: 'own', canonical: text, isLocal: () => false, listen: () => undefined, dial: () => undefined };
}

// An address at which nobody listens any more.
async function nowhere() {
  const server = createServer();
  const uri = await bound(server);
  server.close();
  await once(server, 'close');
  return uri;
}

async function bound(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `tcp://127.0.0.1:${server.address().port}`;
}

// Has the credentials, and says what it likes.
async function speaking(hello) {
  const psk = member.psk === undefined ? {} : { pskCallback: () => Buffer.from(member.psk, 'hex') };
  const options = {
    ...member,
    ...psk,
    ALPNProtocols: ['masterless'],
    minVersion: 'TLSv1.3',
    rejectUnauthorized: false,
  };
  const server = createSecureServer(options, (socket) => {
    socket.on('error', () => undefined);
    socket.write(Buffer.from(hello, 'hex'));
    socket.resume();
  });
  return { uri: await bound(server), server };
}

const b = await listening('b');
const a = node('a');
await a.connect(b.info());

// The calling code.
await fails(() => a.keep('b', 'yes'));
await fails(() => a.close('no'));
await fails(() => node(''));
await fails(() => node('x', { listen: 'own://elsewhere', transports: [own()] }));
for (const options of wrong) await fails(() => new Server('x', options));
for (const options of wrong) await fails(() => b.rotate(options));
await fails(() => a.send('b', { deep: [() => text] }));
await fails(() => a.send('b', new Uint8Array(2 ** 20), { urgent: true }));
await fails(() => a.connect('http://127.0.0.1'));
const { versions } = process;
Object.defineProperty(process, 'versions', { value: { ...versions, bun: '1.0.0' } });
await fails(() => node('x'));
Object.defineProperty(process, 'versions', { value: versions });
const taken = node('taken', { listen: b.info() });
await once(taken, 'error');
await taken.close();
await fails(() => taken.connect(b.info()));
await fails(() => taken.rotate(credentials));

// The network, or the other end.
const free = await nowhere();
await fails(() => a.connect(free));
await fails(() => a.connect('unix:///dev/null/no-folder'));
await fails(() => b.connect(b.info()));
await fails(() => node('c').connect(b.info(), { id: 'd' }));
await fails(() => a.ping('nobody'));
await fails(() => a.deliver('nobody', 1));
await fails(() => a.ping('b', { signal: AbortSignal.abort(new Error('enough')) }));
await fails(() => node('e', { codec: { ...msgpack(), name: 'other' } }).connect(b.info()));
const full = await listening('full', { limits: { peers: 1 } });
await node('f').connect(full.info());
await fails(() => node('g').connect(full.info()));
await fails(() => node('a').connect(b.info()));
for (const options of stranger) {
  const other = new Server('h', { ...options, listen: [], reconnect: false });
  nodes.push(other);
  await fails(() => other.connect(b.info()));
}
const strict = await listening('strict', {
  authorize: () => {
    throw new Error('nobody comes in');
  },
});
await fails(() => node('i').connect(strict.info()));
for (const hello of hellos) {
  const { uri, server } = await speaking(hello);
  await fails(() => node('j').connect(uri));
  server.close();
}
const silent = createServer((socket) => socket.on('error', () => undefined));
await bound(silent).then((uri) => fails(() => node('k', { handshakeTimeout: 100 }).connect(uri)));
const rude = createServer((socket) => socket.destroy());
await bound(rude).then((uri) => fails(() => node('l').connect(uri)));
const plain = connect(Number(new URL(b.info()).port), '127.0.0.1').on('error', () => undefined);
plain.end('GET / HTTP/1.1\r\n\r\n').resume();
await once(plain, 'close');
const garbler = node('m', { codec: { ...msgpack(), encode: () => Uint8Array.of(0xc1) } });
await garbler.connect(b.info());
b.on('message', () => undefined);
const gone = once(garbler, 'disconnect');
garbler.send('b', 1);
await gone;
const deaf = await listening('deaf');
deaf.messages();
const hurried = node('o', { window: 4096 });
await hurried.connect(deaf.info());
while (hurried.send('deaf', null));
await fails(() => hurried.deliver('deaf', 1, { ttl: 10 }));
const speaker = node('n');
await speaker.connect(deaf.info());
const undelivered = fails(() => speaker.deliver('deaf', { n: 1 }));
await Promise.all([speaker.close(), undelivered]);

// The commands, which are given the secret in their environment.
const program = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
for (const secret of 'secret' in credentials ? [credentials.secret, `${credentials.secret}x`] : []) {
  for (const args of [
    ['ping', free, '--count', '1'],
    ['ping', b.info(), '--count', '1', '--timeout', '1'],
    ['listen', '--id', ''],
  ]) {
    const env = { ...process.env, MASTERLESS_SECRET: secret };
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
      env,
      encoding: 'utf8',
      timeout: 10_000,
    });
    if (status === null || status === 0) throw new Error(`${args.join(' ')} ended with ${status}`);
    console.log(stdout, stderr);
  }
}

for (const made of nodes) print(made);
await Promise.all(nodes.map((made) => made.close()));
for (const made of nodes) print(made);
console.log('all of it went wrong');
process.exit();
