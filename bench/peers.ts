/** All that is measured. What is here loads no library: a process loads the one that it measures. */
import type { PeerInfo } from './peer.js';

const PEERS: Readonly<Record<string, () => Promise<PeerInfo>>> = {
  ours: async () => (await import('./peers/ours.js')).ours,
  floor: async () => (await import('./peers/floor.js')).floor,
  'floor-again': async () => (await import('./peers/floor.js')).floorAgain,
  'masterless-0.4.1': async () => (await import('./peers/masterless-0-4.js')).masterless04,
  ws: async () => (await import('./peers/ws.js')).ws,
  zeromq: async () => (await import('./peers/zeromq.js')).zeromq,
  'socket.io': async () => (await import('./peers/socket-io.js')).socketIo,
  nats: async () => (await import('./peers/nats.js')).nats,
  'secret-stream': async () => (await import('./peers/secret-stream.js')).secretStream,
};

export const peerNames: readonly string[] = Object.keys(PEERS);

/** @throws Error for a name that there is not */
export async function peerNamed(name: string): Promise<PeerInfo> {
  const load = PEERS[name];
  if (load === undefined) throw new Error(`--peers: '${name}' is none of ${peerNames.join(', ')}`);
  return load();
}
