/** What the core is told of a node's options. */
import type { ResolvedOptions } from './options.js';
import type { MeshConfig } from './protocol/state.js';

/** Property by property: a spread makes an object of another shape for each node, and the core asks for these with each packet. */
export function meshConfig(
  options: ResolvedOptions,
  own: Required<Pick<MeshConfig, 'id' | 'incarnation' | 'codec' | 'rules'>>,
): MeshConfig {
  const { limits, platform } = options;
  return {
    id: own.id,
    incarnation: own.incarnation,
    codec: own.codec,
    rules: own.rules,
    heartbeat: options.heartbeat,
    timeout: options.timeout,
    stallTimeout: options.stallTimeout,
    handshakeTimeout: options.handshakeTimeout,
    probeTimeout: options.probeTimeout,
    closeTimeout: options.closeTimeout,
    reconnect: options.reconnect,
    resumeWindow: options.resumeWindow,
    window: options.window,
    totalWindow: options.totalWindow,
    maxPacket: options.maxPacket,
    maxLinkAge: options.maxLinkAge,
    maxPeers: limits.peers,
    maxHandshakes: limits.handshakes,
    maxHandshakesPerAddress: limits.handshakesPerAddress,
    maxResumeWindow: limits.resumeWindow,
    maxHeartbeat: limits.heartbeat,
    random: () => platform.random(),
  };
}
