import { expect, it } from 'vitest';
import { refuseUri, type UriKind, uriText } from '../../src/transports/uri.js';

const KIND: UriKind = { name: 'a box', example: 'box://1' };

it('a string is taken as it is', () => {
  expect(uriText('', KIND)).toBe('');
  expect(uriText('box://2', KIND)).toBe('box://2');
});

it.each([
  [null, "the address is null, which is what info() gives before 'listening': it must be a string such as box://1"],
  [undefined, 'the address is of type undefined: it must be a string such as box://1'],
  [7, 'the address is of type number'],
  [['box://1'], 'the address is of type object'],
])('%j is not', (value, message) => {
  expect(() => uriText(value, KIND)).toThrow(expect.objectContaining({ code: 'ERR_URI', side: 'local' }));
  expect(() => uriText(value, KIND)).toThrow(message);
});

it('a refusal tells what, why and how', () => {
  expect(() => refuseUri('box:\n2', KIND, 'it is torn')).toThrow(
    expect.objectContaining({
      code: 'ERR_URI',
      message: '"box:\\n2" is not a box: it is torn; a right one is box://1',
    }),
  );
});

it('a long address is shown in part', () => {
  expect(() => refuseUri('x'.repeat(1e6), KIND, 'it is long')).toThrow(
    `"${'x'.repeat(120)}…" is not a box: it is long; a right one is box://1`,
  );
});
