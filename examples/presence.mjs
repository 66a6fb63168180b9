// Who is here? Everybody knows, nobody is asked: connect and disconnect are the truth.
import { once } from 'node:events';
import { Server } from 'masterless';

class Person {
  constructor(name) {
    this.name = name;
    this.here = new Map();
    this.node = new Server(name, { reconnect: { attempts: 3 } });
    this.node.on('connect', (id) => this.node.send(id, { status: 'online' }));
    this.node.on('message', (id, { status }) => this.#note(id, status));
    this.node.on('disconnect', (id) => this.#note(id, null));
  }

  #note(id, status) {
    if (status === null) this.here.delete(id);
    else this.here.set(id, status);
    this.node.emit('presence');
  }

  say(status) {
    this.node.send(this.node.connections(), { status });
  }

  /** Resolves when this person sees just that. */
  async sees(expected) {
    while (JSON.stringify([...this.here].sort()) !== JSON.stringify(expected)) await once(this.node, 'presence');
    console.log(this.name, 'sees', Object.fromEntries([...this.here].sort()));
  }
}

const [ada, bo, cy] = ['ada', 'bo', 'cy'].map((name) => new Person(name));
await Promise.all([ada, bo, cy].map(({ node }) => once(node, 'listening')));
await bo.node.connect(ada.node.info());
await cy.node.connect(ada.node.info());
await cy.node.connect(bo.node.info());
await ada.sees([
  ['bo', 'online'],
  ['cy', 'online'],
]);

bo.say('in a meeting');
await Promise.all(
  [ada, cy].map((person) =>
    person.sees(
      person === ada
        ? [
            ['bo', 'in a meeting'],
            ['cy', 'online'],
          ]
        : [
            ['ada', 'online'],
            ['bo', 'in a meeting'],
          ],
    ),
  ),
);

await cy.node.close();
await ada.sees([['bo', 'in a meeting']]);
await Promise.all([ada.node.close(), bo.node.close()]);
