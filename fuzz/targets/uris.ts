/**
 * Addresses that users and peers give: each is refused as such, or has a canonical spelling, which is its own.
 *
 * Input: choices of parts and characters.
 */
import { MasterlessError } from '../../src/errors.js';
import { Addresses } from '../../src/transports/addresses.js';
import { memory } from '../../src/transports/memory.js';
import { tcp } from '../../src/transports/tcp.js';
import { unix } from '../../src/transports/unix.js';
import { Choices } from '../choices.js';
import { must, type Target } from '../target.js';

const addresses = new Addresses([tcp(), unix(), memory()]);
const PARTS = [
  ...[
    'tcp://',
    'unix://',
    'memory://',
    'TCP://',
    'http://',
    'tcp:',
    '//',
    '/',
    '[',
    ']',
    ':',
    '@',
    '?',
    '#',
    '%',
    '.',
    '-',
  ],
  ...[
    '127.0.0.1',
    '::1',
    '::',
    '0.0.0.0',
    'localhost',
    'a.example',
    '::ffff:127.0.0.1',
    'fe80::1%25eth0',
    '1e1',
    '0x7f',
  ],
  ...[
    '2435',
    '0',
    '65535',
    '65536',
    '99999999999',
    '-1',
    '+1',
    ' ',
    '\n',
    '\0',
    '%2F',
    '%00',
    '%zz',
    '%ed%a0%80',
    '..',
  ],
  ...['é', '\ud83d', '😀', '\u2028', 'name', 'x'.repeat(64), 'x'.repeat(250), '/run/app.sock', 'İ', 'ß', '。', '１'],
] as const;
const WHOLE = ['tcp://127.0.0.1:1', 'tcp://[::1]:2435', 'unix:///run/a', 'memory://a', 'tcp://a.example:80'] as const;

export const uris: Target = {
  name: 'uris',
  piece: 300_000,
  longest: 64,

  make(random) {
    return new Uint8Array(1 + random.below(12)).map(() => random.below(256));
  },

  run(input) {
    const text = textOf(new Choices(input));
    const scheme = /^\w+/.exec(text)?.[0].toLowerCase() ?? 'none';
    let canonical: string;
    try {
      canonical = addresses.canonical(text);
    } catch (error) {
      if (!(error instanceof MasterlessError) || error.code !== 'ERR_URI') throw error;
      return `refused|${scheme} ${/(it|its|an|port|the) .{0,20}/.exec(error.message.slice(text.length))?.[0]}`;
    }
    must(addresses.canonical(canonical) === canonical, `${canonical} has another canonical spelling`);
    must(typeof addresses.transport(canonical).isLocal(canonical) === 'boolean', 'local or not');
    return `taken|${canonical.length > 20 ? scheme : canonical}`;
  },
};

function textOf(choices: Choices): string {
  let text = choices.below(2) === 0 ? choices.pick(WHOLE) : '';
  while (choices.more) {
    const at = choices.below(4) === 0 ? choices.below(text.length + 1) : text.length;
    const part = choices.below(3) === 0 ? String.fromCharCode(choices.below(256)) : choices.pick(PARTS);
    text = text.slice(0, at) + part + text.slice(choices.below(5) === 0 ? at + 1 : at);
  }
  return text;
}
