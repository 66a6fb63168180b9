/**
 * How long to wait before an attempt: full jitter, so that the many who lost the same peer at the same moment do not
 * come back at the same moment.
 */
import type { ReconnectPolicy } from '../options.js';

/**
 * Milliseconds before attempt `attempt` (1 is the first, which follows at once).
 * @param random - uniform in [0, 1)
 */
export function backoff(attempt: number, policy: ReconnectPolicy, random: number): number {
  if (attempt <= 1) return 0;
  // 2 ** 1023 is still finite; beyond, the bound has long been maxDelay.
  const bound = Math.min(policy.maxDelay, policy.minDelay * 2 ** Math.min(attempt - 2, 1000));
  return random * bound;
}
