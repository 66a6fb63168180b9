// Both faces of masterless/testing, and the class it makes nodes of. Prints what the test compares.
import { createRequire } from 'node:module';
import { Server } from 'masterless';
import * as named from 'masterless/testing';

const required = createRequire(import.meta.url)('masterless/testing');
const sim = new named.Simulation({ seed: 1 });
const [a, b] = [sim.server('a'), sim.server('b')];
const id = await sim.until(a.connect('sim://b'));
await sim.close();
console.log(
  JSON.stringify({
    names: Object.keys(named).sort(),
    required: Object.keys(required).sort(),
    oneClass: required.Simulation === named.Simulation && b.constructor === Server,
    id,
  }),
);
