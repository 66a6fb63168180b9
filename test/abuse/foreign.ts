/** Whoever is at the port and speaks something else. Each is shown out, and the operator told what it was, where that shows. */
import { randomBytes } from 'node:crypto';
import * as control from '../../src/protocol/control.js';
import type { Case, Outcome } from './case.js';
import type { Item } from './checklist.js';
import { hex } from './frame.js';
import { byCertificate, type Mode } from './mode.js';
import { hello } from './wire.js';

/** These bytes from a stranger. */
function says(
  name: string,
  items: readonly Item[],
  inputs: readonly (string | Uint8Array)[],
  outcome: Case['outcome'],
  modes?: readonly Mode[],
): Case {
  return {
    ...{ name, items, outcome, ...(modes === undefined ? {} : { modes }) },
    attack: (scene) =>
      Promise.all(
        inputs.map(async (input) => {
          const wire = scene.stranger();
          await wire.open;
          wire.say(input);
          return wire;
        }),
      ),
  };
}

function anywhere(plain: Outcome, secured: Outcome): Readonly<Record<Mode, Outcome>> {
  return { plain, secret: secured, tls: secured };
}

const HTTP: Outcome = { fault: ['ERR_PROTOCOL', /speaks HTTP/] };
const NO_TLS: Outcome = { fault: ['ERR_PROTOCOL', /does not speak TLS/] };
const NO_NODE: Outcome = {
  fault: [
    'ERR_PROTOCOL',
    /before the link is adopted|out of turn|does not begin like|too short|more than 3 bytes|the limit is/,
  ],
};

export const foreign: readonly Case[] = [
  says(
    'HTTP requests',
    ['an HTTP request', 'CVE-2022-21676'],
    [
      'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n',
      'POST / HTTP/1.0\r\nContent-Length: 99999999999999999999\r\n\r\n',
      'HEAD /socket.io/?EIO=4&transport=polling&__proto__=1 HTTP/1.1\r\n\r\n',
    ],
    HTTP,
  ),
  says(
    'an upgrade to WebSocket',
    ['an HTTP request', 'CVE-2022-21676'],
    ['GET /?EIO=3 HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n'],
    HTTP,
  ),
  says('HTTP/2 without TLS', ['an HTTP request'], ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'], anywhere(HTTP, NO_TLS)),
  says('a HELLO in plain text', ['plain bytes to a TLS port'], [control.encodeHello(hello())], NO_TLS, [
    'secret',
    'tls',
  ]),
  says(
    'greetings of other protocols',
    ['plain bytes to a TLS port'],
    [
      'SSH-2.0-OpenSSH_9.6\r\n',
      'INFO {"server_id":"x"}\r\nPING\r\n',
      'EHLO localhost\r\n',
      '*1\r\n$4\r\nPING\r\n',
      hex('0510020304'),
    ],
    anywhere(NO_NODE, NO_TLS),
  ),
  says(
    'zeros, ones and noise',
    ['plain bytes to a TLS port'],
    [new Uint8Array(2000), new Uint8Array(2000).fill(0xff), new Uint8Array(2000).fill(0x5a), hex('c1'.repeat(100))],
    anywhere(NO_NODE, NO_TLS),
  ),
  says(
    'lengths of TLS records that are too large',
    ['plain bytes to a TLS port', 'huge declared lengths'],
    [hex('160301ffff'), hex('170303ffff00')],
    anywhere(
      { fault: ['ERR_PROTOCOL', /speaks TLS|before the link/] },
      { fault: ['ERR_PROTOCOL', /does not speak TLS/] },
    ),
  ),
  says(
    'alerts of TLS, out of nowhere',
    ['plain bytes to a TLS port', 'TLS to a plain port'],
    [hex('15030300020100'), hex('15030300020228')],
    anywhere({ fault: ['ERR_PROTOCOL', /speaks TLS/] }, NO_TLS),
  ),
  {
    name: 'TLS to a node that has none',
    items: ['TLS to a plain port'],
    modes: ['plain'],
    outcome: { fault: ['ERR_PROTOCOL', /speaks TLS/] },
    async attack(scene) {
      return [scene.secured(byCertificate('a')), scene.secured({ rejectUnauthorized: false })];
    },
  },
  {
    name: 'noise of every length, from fifty strangers',
    items: ['plain bytes to a TLS port', 'CVE-2024-38355', 'CVE-2022-21676'],
    options: () => ({ handshakeTimeout: 500 }),
    outcome: { fault: null, besides: ['ERR_PROTOCOL', 'ERR_UNAUTHORIZED', 'ERR_TIMEOUT'] },
    async attack(scene) {
      return Promise.all(
        Array.from({ length: 50 }, async (_, index) => {
          const wire = scene.stranger();
          await wire.open;
          wire.say(randomBytes(1 + index * index));
          return wire;
        }),
      );
    },
  },
];
