// A test of an application: caches that share their values survive a partition, under 20 seeds. `node:test` or any other
// test runner would do the same; here it is a plain program.
import { deepEqual } from 'node:assert/strict';
import { simulate } from 'masterless/testing';

// The application: every cache tells the others what it was given, and whoever comes back is told everything.
class SharedCache {
  values = new Map();

  constructor(node) {
    this.node = node;
    node.on('connect', (peer) => node.send(peer, [...this.values]));
    node.on('message', (_sender, entries) => {
      for (const [key, entry] of entries) this.#take(key, entry);
    });
  }

  set(key, value) {
    const entry = { value, version: (this.values.get(key)?.version ?? 0) + 1, by: this.node.id };
    this.#take(key, entry);
    this.node.send(this.node.connections(), [[key, entry]]);
  }

  // The later version counts; of two that were made apart, the one of the greater id.
  #take(key, entry) {
    const known = this.values.get(key);
    const newer = !known || entry.version > known.version || (entry.version === known.version && entry.by > known.by);
    if (newer) this.values.set(key, entry);
  }
}

let virtual = 0;
await simulate(
  async (sim) => {
    const ids = ['amsterdam', 'berlin', 'copenhagen'];
    const caches = ids.map((id) => new SharedCache(sim.server(id, { reconnect: true })));
    const [amsterdam, berlin, copenhagen] = caches;
    for (const { node } of caches) for (const id of ids) if (id < node.id) node.connect(`sim://${id}`);
    const whole = () => caches.every(({ node }) => node.connections().length === 2);
    await sim.until(whole);

    // Copenhagen is alone for a minute: its session with the others ends.
    sim.network.partition('copenhagen', ['amsterdam', 'berlin']);
    amsterdam.set('price', 10);
    copenhagen.set('price', 12);
    berlin.set('stock', 3);
    await sim.run(60_000);
    deepEqual(
      [amsterdam, copenhagen].map((cache) => cache.values.get('price').value),
      [10, 12],
    );

    // Meanwhile berlin dies, and forgets.
    sim.crash('berlin');
    const restarted = new SharedCache(sim.server('berlin', { reconnect: true }));
    caches[1] = restarted;
    restarted.node.connect('sim://amsterdam');

    sim.network.heal();
    restarted.node.connect('sim://copenhagen');
    await sim.until(whole, 120_000);
    await sim.run(1000);
    for (const cache of caches) deepEqual([cache.values.get('price').value, cache.values.get('stock').value], [12, 3]);
    virtual += sim.now;
  },
  { seeds: 20, seed: 1 },
);
console.log(`20 seeds, ${Math.round(virtual / 1000)} virtual seconds: all caches agree`);
