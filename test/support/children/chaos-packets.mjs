// Packets that say who sent them and which they are, with bytes that follow from that: whoever gets one can tell whether
// it is as it was sent.
const PERIOD = 65_521;
/** Twice the same, so that each piece of a body is one view of it. */
const pattern = new Uint8Array(2 * PERIOD);
let state = 1;
for (let i = 0; i < PERIOD; i++) {
  state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
  pattern[i] = pattern[i + PERIOD] = state >>> 16;
}

/** The packet of this number that a node in this life sends to a peer in one lane, within its so-manieth session. */
export function packet(life, session, lane, number, size) {
  const body = Buffer.allocUnsafe(size);
  for (const [at, piece] of pieces(life, lane, number, size)) body.set(piece, at);
  return [life, session, lane, number, body];
}

export function isWhole([life, , lane, number, body]) {
  for (const [at, piece] of pieces(life, lane, number, body.length)) {
    if (Buffer.compare(body.subarray(at, at + piece.length), piece) !== 0) return false;
  }
  return true;
}

function* pieces(life, lane, number, size) {
  let start = lane;
  for (const letter of `${life} ${number}`) start = (Math.imul(start, 31) + letter.charCodeAt(0)) >>> 0;
  start %= PERIOD;
  for (let at = 0; at < size; at += PERIOD) yield [at, pattern.subarray(start, start + Math.min(PERIOD, size - at))];
}
