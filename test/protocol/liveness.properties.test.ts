/** Laws of signs of life: who speaks is never suspected, who is silent is always found out. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodeHeartbeat } from '../../src/protocol/control.js';
import { follow, lead, Scripted } from './scripted.js';

const times = fc
  .tuple(fc.integer({ min: 10, max: 3000 }), fc.integer({ min: 1, max: 10_000 }), fc.nat(60_000))
  .map(([heartbeat, more, stall]) => ({
    heartbeat,
    timeout: heartbeat + more,
    stallTimeout: heartbeat + more + stall,
  }));
const role = fc.constantFrom<'arbiter' | 'follower'>('arbiter', 'follower');

interface Stretch {
  /** Part of a heartbeat after which the peer speaks. */
  readonly part: number;
  /** Milliseconds for which this node then does not run, while the peer goes on speaking. */
  readonly stopped: number;
  /** Whether its timer runs before its socket is read when it runs again. */
  readonly timerFirst: boolean;
}

const schedule = fc.array(
  fc.record<Stretch>({
    part: fc.double({ min: 0, max: 1, noNaN: true }),
    stopped: fc.oneof(fc.constant(0), fc.nat(5000), fc.nat(300_000)),
    timerFirst: fc.boolean(),
  }),
  { maxLength: 25 },
);

it('a peer that speaks once a heartbeat is never suspected, however late this node is to hear it', () => {
  fc.assert(
    fc.property(times, role, schedule, (given, as, stretches) => {
      const { scripted, line } = begun(given, as, ['test://there']);
      for (const { part, stopped, timerFirst } of stretches) {
        scripted.wait(given.heartbeat * part);
        line.say(encodeHeartbeat());
        if (stopped === 0) continue;
        scripted.now += stopped;
        if (timerFirst) scripted.act((mesh, now) => mesh.tick(now));
        line.say(encodeHeartbeat());
        scripted.wait(0);
      }
      expect(line.closed).toBeNull();
      expect(scripted.outputs.map(({ kind }) => kind)).toEqual([]);
    }),
  );
});

it('a silent peer is lost: not before the timeout, and at stallTimeout at the latest, whatever its address does', () => {
  const answers = fc.constantFrom<'none' | 'refuses' | 'opens' | 'hangs'>('none', 'refuses', 'opens', 'hangs');
  fc.assert(
    fc.property(times, role, answers, (given, as, answer) => {
      const { scripted, line } = begun(given, as, answer === 'none' ? [] : ['test://there']);
      const { timeout, stallTimeout, heartbeat } = given;
      const patience = Math.max(timeout, 3 * heartbeat);
      const since = scripted.now;
      const latest = since + Math.max(patience, stallTimeout);
      let lostAt = Number.POSITIVE_INFINITY;
      while (lostAt === Number.POSITIVE_INFINITY && scripted.now <= latest) {
        scripted.wait(Math.max(0, scripted.mesh.wakeAt - scripted.now));
        if (line.closed !== null) lostAt = scripted.now;
        for (const output of scripted.outputs.splice(0)) {
          if (output.kind !== 'dial') continue;
          scripted.act((mesh, now) => {
            if (answer === 'opens') mesh.opened(output.connection);
            if (answer === 'refuses') mesh.ended(output.connection, null, now);
          });
        }
      }
      expect(lostAt).toBeGreaterThanOrEqual(since + patience);
      expect(lostAt).toBeLessThanOrEqual(latest);
      if (answer === 'none' || answer === 'refuses') expect(lostAt).toBe(since + patience);
    }),
  );
});

it('whoever has nothing to say, or something at any moment, is never silent for longer than its heartbeat', () => {
  const packets = fc.array(fc.double({ min: 0, max: 3, noNaN: true }), { maxLength: 20 });
  fc.assert(
    fc.property(times, role, packets, (given, as, waits) => {
      const { scripted, line } = begun(given, as, []);
      let [spokeAt, bytes, longest] = [scripted.now, line.bytes, 0];
      const look = () => {
        if (line.bytes > bytes) spokeAt = scripted.now;
        bytes = line.bytes;
        longest = Math.max(longest, scripted.now - spokeAt);
      };
      const rest = (ms: number) => {
        const until = scripted.now + ms;
        while (scripted.now < until) {
          const wake = Math.max(scripted.now, Math.min(scripted.mesh.wakeAt, until));
          scripted.wait(wake - scripted.now);
          look();
          // The peer speaks, so that there always is a link.
          line.say(encodeHeartbeat());
        }
      };
      for (const heartbeats of waits) {
        rest(heartbeats * given.heartbeat);
        scripted.act((mesh) => mesh.send(as === 'arbiter' ? 'a' : 'z', Uint8Array.of(1), false));
        look();
      }
      rest(3 * given.heartbeat);
      expect(longest).toBeLessThanOrEqual(given.heartbeat + 0.001);
    }),
  );
});

/** A core with a link, in that role, on which everything due at the beginning was said. */
function begun(
  given: { readonly heartbeat: number; readonly timeout: number; readonly stallTimeout: number },
  as: 'arbiter' | 'follower',
  addresses: readonly string[],
) {
  const scripted = new Scripted(given);
  const { heartbeat } = given;
  const { line } =
    as === 'arbiter' ? follow(scripted, { heartbeat, addresses }) : lead(scripted, { heartbeat, addresses });
  scripted.outputs.length = 0;
  return { scripted, line };
}
