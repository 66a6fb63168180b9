/** What each error tells: what was wrong, with the figures, and what to do about it. */
import { describe, expect, test } from 'vitest';
import { resolveLimits } from '../../src/codec/limits.js';
import { msgpack } from '../../src/codec/msgpack.js';
import { MAX_COPIED } from '../../src/codec/views.js';
import { hex, Resizable, thrownBy } from './packets.js';

describe('bytes that are refused', () => {
  test.each([
    ['c1', '0xc1 begins no value that is taken, at byte 0'],
    ['d4 ff 00', '0xd4 begins no value that is taken, at byte 0'],
    ['a2 61', 'the packet ends too early, at byte 1'],
    ['c0 c0 c0', '2 bytes are left over, at byte 1'],
    ['93 c0', '3 entries are announced, more than the bytes can hold, at byte 1'],
    ['82 a1 61 c0', '2 entries are announced, more than the bytes can hold, at byte 1'],
    ['a1 ff', 'a string is not valid UTF-8, at byte 1'],
    ['d6 05 00 00 00 00', 'extension type 5 is not taken, at byte 1'],
    ['d6 80 00 00 00 00', 'extension type -128 is not taken, at byte 1'],
    ['c7 05 ff 00 00 00 00 00', 'a timestamp of 5 bytes, at byte 2'],
    ['d7 ff ee 6b 28 00 00 00 00 00', 'a timestamp of 1000000000 nanoseconds, at byte 1'],
    ['d7 ff 00 00 00 04 00 00 00 00', 'a timestamp finer than the milliseconds of a Date, at byte 1'],
    ['c7 0c ff 00 00 00 00 7f ff ff ff ff ff ff ff', 'a timestamp beyond the range of a Date, at byte 2'],
    ['81 c0 c0', 'a key is not a string, at byte 1'],
    ['82 a1 61 01 a1 61 01', 'a key is there twice, at byte 6'],
    ['82 a1 37 01 a1 37 01', 'a key is there twice, at byte 6'],
    ['81 a9 5f 5f 70 72 6f 74 6f 5f 5f c0', 'a key is __proto__, at byte 11'],
  ])('%s', (digits, reason) => {
    const error = thrownBy(() => msgpack().decode(hex(digits)));
    expect(error.code).toBe('ERR_BAD_PACKET');
    const whole = `the other node sent a bad packet: ${reason}`;
    expect(error.message.slice(0, whole.length)).toBe(whole);
  });

  test.each([
    [{ depth: 1 }, '91 91 c0', 'nested deeper than 1 levels, at byte 2'],
    [{ items: 2 }, '92 c0 c0', 'more than 2 values, at byte 1'],
    [{ size: 16 }, '00'.repeat(17), '17 bytes are more than the 16 allowed, at byte 0'],
  ])('%o', (limits, digits, reason) => {
    expect(thrownBy(() => msgpack(limits).decode(hex(digits))).message).toBe(
      `the other node sent a bad packet: ${reason}`,
    );
  });

  test('what the platform can not make is a bad packet too, and its own error the cause', () => {
    const full = new RangeError('out of memory');
    class Unreadable extends Uint8Array {
      override get buffer(): ArrayBuffer {
        throw full;
      }
    }
    const error = thrownBy(() => msgpack().decode(new Unreadable(MAX_COPIED + 1)));
    expect(error).toMatchObject({ code: 'ERR_BAD_PACKET', cause: full });
    expect(error.message).toContain("the packet can't be held, at byte 0");
  });
});

describe('packets that are refused', () => {
  const transferred = new Uint8Array(8);
  structuredClone(transferred, { transfer: [transferred.buffer] });
  const resized = new Resizable(8, { maxByteLength: 8 });
  const shrunk = new Uint8Array(resized, 4, 4);
  resized.resize(2);
  const GONE = "bytes can't be sent whose memory is gone: transferred to another thread, or taken back by a resize";

  test.each<[unknown, string]>([
    [undefined, "undefined can't be sent here: send null"],
    [() => 1, "a function can't be sent: leave it out, or send what it stands for"],
    [Symbol('x'), "a symbol can't be sent: leave it out, or send what it stands for"],
    [2n ** 64n, "a bigint of more than 64 bits can't be sent: send it as a string"],
    [-(2n ** 63n) - 1n, "a bigint of more than 64 bits can't be sent: send it as a string"],
    [new Date(Number.NaN), "an invalid Date can't be sent: send null"],
    [transferred, GONE],
    [transferred.buffer, GONE],
    [shrunk, GONE],
    ['\ud800', "a string with a lone surrogate can't be sent: it is not well-formed Unicode"],
    ['\ud800'.repeat(100), "a string with a lone surrogate can't be sent: it is not well-formed Unicode"],
    [new Map(), "a Map can't be sent: send Object.fromEntries(map) or [...map]"],
    [new WeakMap(), "a WeakMap can't be sent: send a plain object, or give it toJSON()"],
    [new Error('x'), "an Error can't be sent: send { name: error.name, message: error.message }, or give it toJSON()"],
    [
      new Int16Array(1),
      "a Int16Array can't be sent: send new Uint8Array(x.buffer, x.byteOffset, x.byteLength), in an agreed byte order",
    ],
  ])('%#', (packet, reason) => {
    expect(thrownBy(() => msgpack().encode(packet)).message).toBe(`packet: ${reason}`);
  });

  test.each<[object, unknown, string]>([
    [{ depth: 1 }, [[]], 'packet[0]: this is nested deeper than 1 levels, or holds itself'],
    [{ items: 3 }, [1, 2, 3], 'packet: the packet has more than 3 values (limits.items)'],
    [
      { size: 16 },
      'x'.repeat(16),
      'packet: the packet is larger than 16 bytes (maxPacket): raise it on both sides, or send it in parts',
    ],
  ])('%o', (limits, packet, message) => {
    expect(thrownBy(() => msgpack(limits).encode(packet)).message).toBe(message);
  });
});

test('limits that are refused', () => {
  const told = (limits: object): string => thrownBy(() => resolveLimits(limits)).message;
  expect(told({ depht: 5 })).toBe('msgpack has no limit depht: there are depth, items, size');
  expect(told({ depth: 513 })).toBe('msgpack limit depth is 513: it must be a whole number from 1 to 512');
  expect(told({ size: 0 })).toBe('msgpack limit size is 0: it must be a whole number from 16 to 2147483648');
});
