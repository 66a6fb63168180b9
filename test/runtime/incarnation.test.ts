import { expect, it } from 'vitest';
import { newIncarnation } from '../../src/runtime/incarnation.js';

it('is 16 hexadecimal digits, never all 0, and never the same twice', () => {
  const many = Array.from({ length: 1000 }, () => newIncarnation());
  for (const digits of many) expect(digits).toMatch(/^(?!0+$)[0-9a-f]{16}$/);
  expect(new Set(many).size).toBe(1000);
});
