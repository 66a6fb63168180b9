// What an application written in TypeScript sees through import.
import Default, {
  type ConnectInfo,
  errorCodes,
  MasterlessError,
  Server,
  type ServerOptions,
  type Undelivered,
} from 'masterless';
import { type Ids, Simulation, SimulationError, type SimulationOptions, simulate } from 'masterless/testing';

interface Count {
  readonly total: number;
}

const options: ServerOptions = { port: 0, reconnect: { attempts: 3 } };
const server: Server<Count> = new Default<Count>('types', options);
server.on('message', (sender: string, packet: Count) => {
  const sent: boolean = server.send(sender, { total: packet.total + 1 });
  server.send(['a', 'b'], { total: sent ? 1 : 0 });
});
server.on('connect', (id: string, info: ConnectInfo) => console.log(id, info));
server.on('undelivered', (id: string, packets: Undelivered<Count>) => console.log(id, packets.unsent[0]?.total));
server.on('error', (error) => console.log(error instanceof MasterlessError, errorCodes.includes(error.code)));
const info: string | null = server.info();
console.log(info);
// @ts-expect-error: packets are what the type says
server.send('a', { total: 'many' });
// @ts-expect-error: there is no such option
new Server('types', { prot: 1 });

const seeded: SimulationOptions = { seed: 1 };
const ids: Ids = ['a', 'b'];
await simulate(async (sim: Simulation) => {
  const simulated: Server<Count> = sim.server<Count>('a');
  simulated.on('message', (_sender: string, { total }: Count) => console.log(total));
  const cut: number = sim.network.cut(ids, 'c');
  console.log(cut, await sim.until(simulated.ping('b')), sim.counts.get('reset'));
}, seeded);
console.log(new SimulationError('types', 1, []).seed);
// @ts-expect-error: a seed is a number
new Simulation({ seed: '1' });
