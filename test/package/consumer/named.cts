// What an application written in TypeScript sees that imports and is compiled to require.
import Default, { errorCodes, MasterlessError, type Message, newSecret, Server, type ServerOptions } from 'masterless';
import { Simulation, SimulationError, simulate } from 'masterless/testing';

const options: ServerOptions = { port: 0 };
class Own extends Server<number> {
  double(id: string, value: number): boolean {
    return this.send(id, value * 2);
  }
}
class Other extends Default<string> {}
const own: Own = new Own('own', options);
const other: Server<string> = new Other('other');
own.on('message', (sender: string, packet: number) => own.double(sender, packet));
const last: Message<string>[] = [];
try {
  other.send('own', newSecret());
} catch (error) {
  if (error instanceof MasterlessError) console.log(errorCodes.includes(error.code), last);
}
// @ts-expect-error: packets are what the type says
own.send('other', 'text');
// @ts-expect-error: an id is text
const id: number = own.id;

class Seeded extends Simulation {}
const sim: Simulation = new Seeded({ seed: id });
console.log(sim instanceof Simulation, SimulationError.name, typeof simulate);
