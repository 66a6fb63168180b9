/**
 * Everything that is known to have been tried on systems like this one. Each item has at least one case; what an item is
 * called here is what the reports say.
 */
export const CHECKLIST = {
  // Packets.
  'nested arrays and maps': 'containers within containers, deeper than limits.depth',
  'depth 5,000': 'enough to end the stack of a decoder that calls itself',
  'counts larger than the bytes': 'an array or map of four thousand million entries in five bytes',
  'megabytes of empty maps': 'a byte each, and some sixty bytes of memory',
  'record definitions': 'shapes of objects that another codec learns from strangers',
  'pointers and cycles': 'references into the packet itself',
  'unknown extensions': 'types that mean something elsewhere, or nothing',
  '__proto__ keys': 'a key that would change what all objects inherit',
  'constructor keys': 'keys that every object has already',
  'bad UTF-8': 'overlong, cut, surrogates, in texts, keys and control frames',
  '0xC1': 'the one byte without a meaning',
  // Frames.
  'huge declared lengths': 'room asked for that is never filled',
  'one byte at a time': 'everything right, in the smallest portions',
  'thousands of tiny chunks': 'a packet in pieces of a byte',
  'DATA before ADOPT': 'packets before anybody was let in',
  'a stale epoch': 'a verdict or a confirmation of before',
  'an ACK beyond what was sent': 'acknowledging what does not exist',
  'an ACK going back': 'taking an acknowledgement back',
  'an ACK over 2^53': 'numbers that can not be counted with',
  'credit overflow': 'more than the window allows',
  'unknown frames': 'kinds, reasons, flags and lengths that do not exist',
  'a peer that never reads': 'what it is sent or answered piles up',
  // Handshakes.
  'a handshake that never ends, before TLS': 'a socket that says nothing, or a byte now and then',
  'a handshake that never ends, after TLS': 'a member that stops in any state of the handshake',
  'too many handshakes from one address': 'all places taken by one',
  'too many handshakes from many': 'all places taken by many together',
  'a HELLO twice': 'a second identity on one connection',
  'a replayed handshake': 'what an honest node said, once more',
  // Ids.
  'an id that the credential does not cover': 'a member under the name of another',
  'own id': 'the name of the node that is attacked',
  'an empty id': '',
  'a 255-byte id': 'the longest there may be',
  'a 256-byte id': 'one byte more',
  'a non-UTF-8 id': '',
  // Credentials.
  'wrong secret': '',
  'old secret': 'one that was replaced',
  'short secret': '',
  'revoked secret with an old ticket': 'a session of TLS that goes on after its secret is gone',
  'expired certificate': '',
  'foreign certificate': 'of another authority',
  'swapped certificate': 'a good one of another node, or one that was good before',
  // Others.
  'plain bytes to a TLS port': '',
  'TLS to a plain port': '',
  'an HTTP request': 'to either',
  // Advisories, by what made them possible.
  'CVE-2023-52079': 'msgpackr: a packet makes the decoder call itself without end',
  'CVE-2025-59466': 'Node.js: the end of the stack can not be caught, and ends the process',
  'CVE-2026-45736': 'ws: memory that was never written is sent to the other side',
  'CVE-2021-21368': 'msgpack5: __proto__ in a map changes its prototype',
  'CVE-2026-48779': 'ws: tiny fragments and chunks cost many times their bytes',
  'CVE-2026-33151': 'socket.io-parser: a packet announces parts without number',
  'CVE-2024-38355': 'socket.io: an error event that nobody listens for ends the process',
  'CVE-2022-21676': 'engine.io: a malformed first request ends the process',
  'CVE-2022-23486': 'rust-libp2p: connections and what they hold are not bounded',
  'CVE-2022-23492': 'go-libp2p: the same, from many',
  'CVE-2026-21637': 'Node.js: what a TLS callback throws ends the process',
  'CVE-2026-21717': 'V8: keys that look like numbers collide',
} as const;

export type Item = keyof typeof CHECKLIST;
