// Three services, each with a cache. Whoever writes tells all others to forget, and waits until they have.
import { once } from 'node:events';
import { Server } from 'masterless';

class Cache {
  #values = new Map();

  constructor(id) {
    this.node = new Server(id, { reconnect: { attempts: 10 } });
    this.node.on('message', (sender, { forget }) => {
      console.log(`${id}: ${sender} has changed ${forget}`);
      this.#values.delete(forget);
    });
    // While a peer was away it heard of no change: what is cached may be old.
    this.node.on('disconnect', () => this.#values.clear());
  }

  get(key, load) {
    if (!this.#values.has(key)) this.#values.set(key, load(key));
    return this.#values.get(key);
  }

  async changed(key) {
    this.#values.delete(key);
    await Promise.all(this.node.connections().map((peer) => this.node.deliver(peer, { forget: key })));
  }
}

const database = new Map([['price', 10]]);
const read = (key) => database.get(key);

const caches = ['web-1', 'web-2', 'worker'].map((id) => new Cache(id));
await Promise.all(caches.map(({ node }) => once(node, 'listening')));
for (const { node } of caches)
  await Promise.all(caches.filter((other) => other.node !== node).map((other) => node.connect(other.node.info())));

console.log(
  'before:',
  caches.map((cache) => cache.get('price', read)),
);
database.set('price', 12);
await caches[0].changed('price');
console.log(
  'after:',
  caches.map((cache) => cache.get('price', read)),
);
await Promise.all(caches.map(({ node }) => node.close()));
