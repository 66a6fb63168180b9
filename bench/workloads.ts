/** All workloads, in the order of the report. */
import type { Workload } from './workload.js';
import { growthLinks, growthOutstanding, growthSize } from './workloads/growth.js';
import { handshakes } from './workloads/handshakes.js';
import { idleLinks } from './workloads/idle-links.js';
import { reconnect } from './workloads/reconnect.js';
import { startUp } from './workloads/start-up.js';
import { binary1k, binary64k, fanOut, inFlight, mixed, pingPong, small } from './workloads/traffic.js';
import { wireBytes } from './workloads/wire-bytes.js';

export const workloads: readonly Workload[] = [
  pingPong,
  inFlight,
  small,
  mixed,
  binary1k,
  binary64k,
  fanOut,
  handshakes,
  idleLinks,
  wireBytes,
  reconnect,
  startUp,
  growthLinks,
  growthOutstanding,
  growthSize,
];
