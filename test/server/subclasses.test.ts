/** Classes of applications that extend Server: what they add or override is theirs, and the node goes on without it. */
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { Server } from '../../src/index.js';
import { within } from '../support/events.js';
import { atEnd, listening } from '../support/nodes.js';

class Own extends Server<string> {
  readonly added: unknown[] = [];

  listenerAdded(what: unknown): void {
    this.added.push(what);
  }

  override connections(): string[] {
    return ['nobody'];
  }
}

it('methods of their own disturb nothing', async () => {
  const { node: sender, uri } = await listening('sender');
  const own = new Own('own', { listen: [] });
  atEnd(() => own.close());
  const connected = once(sender, 'connect');
  await own.connect(uri);
  await within(connected, 'a connection');
  expect(sender.send('own', 'before anybody listens')).toBe(true);
  await within(sender.ping('own'), 'that to have come');
  expect(await within(once(own, 'message'), 'the packet')).toEqual(['sender', 'before anybody listens']);
  expect(own.added).toEqual([]);
  own.send('sender', 'something');
  sender.on('message', () => undefined);
  await within(own.flush(), 'all to be had');
});
