// What an application written in TypeScript sees through require.
import Server = require('masterless');
import testing = require('masterless/testing');

interface Count {
  readonly total: number;
}

const options: Server.ServerOptions = { port: 0 };
const server: Server<Count> = new Server<Count>('types', options);
const same: Server.Server<Count> = new Server.Server<Count>('types');
server.on('message', (sender: string, packet: Count) => {
  same.send(sender, { total: packet.total + 1 });
});
server.on('error', (error: Server.MasterlessError) => {
  console.log(error instanceof Server.MasterlessError, Server.errorCodes.includes(error.code));
});
// @ts-expect-error: packets are what the type says
server.send('a', { total: 'many' });

const seeded: testing.SimulationOptions = { seed: 1 };
const sim: testing.Simulation = new testing.Simulation(seeded);
const faults: testing.Faults = sim.network;
const simulated: Server<Count> = sim.server<Count>('a');
faults.partition(simulated.id, ['b'], { oneWay: true });
// @ts-expect-error: there is no such fault
faults.explode('a');
