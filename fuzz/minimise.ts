/** Makes an input that fails smaller, as long as it fails in the same way. */

/** Tries at most. */
const MOST = 3000;

/** @param fails - whether the input still shows the same fault */
export function minimise(input: Uint8Array, fails: (input: Uint8Array) => boolean): Uint8Array {
  let best = input;
  let tries = 0;
  const attempt = (candidate: Uint8Array): boolean => {
    if (tries >= MOST) return false;
    tries++;
    if (!fails(candidate)) return false;
    best = candidate;
    return true;
  };
  // Ever smaller parts are left out, from behind, so that what is behind them keeps its meaning.
  for (let size = Math.ceil(best.length / 2); size >= 1 && tries < MOST; size = Math.floor(size / 2)) {
    let again = true;
    while (again && tries < MOST) {
      again = false;
      for (let at = best.length - size; at >= 0; at -= size) {
        const shorter = new Uint8Array(best.length - size);
        shorter.set(best.subarray(0, at));
        shorter.set(best.subarray(at + size), at);
        again = attempt(shorter) || again;
      }
      // Halves need no second look.
      again &&= size <= 4;
    }
  }
  for (let at = 0; at < best.length && tries < MOST; at++) {
    if (best[at] === 0) continue;
    const plainer = best.slice();
    plainer[at] = 0;
    attempt(plainer);
  }
  return best;
}
