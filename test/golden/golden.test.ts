/**
 * Conversations of version 1 as they were recorded, byte by byte. A core of today must answer each side of them with the
 * very bytes of then: a change of the wire shows here, and nodes of before and after it would not understand each other.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Frame } from '../../src/protocol/frame.js';
import { type Conversation, print } from './conversation.js';
import { Recorder } from './recorder.js';
import { recorded, replayed } from './replay.js';
import { type Scene, scenes } from './scenes.js';

const folder = new URL('./v1/', import.meta.url);
const files = readdirSync(folder).map((file) => file.replace(/\.json$/, ''));

function read(name: string): Conversation {
  return JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as Conversation;
}

describe.each(files)('%s', (name) => {
  const conversation = read(name);

  it.each(Object.keys(conversation.nodes))('is answered by %s of today as it was then', (node) => {
    expect(replayed(conversation, node)).toEqual(recorded(conversation, node));
  });
});

// `vitest run test/golden -u` records them anew.
it.each(Object.entries<Scene>(scenes))('%s is recorded as it is played', async (name, scene) => {
  const recorder = new Recorder();
  scene.play(recorder);
  await expect(print(recorder.conversation(scene.says))).toMatchFileSnapshot(`v1/${name}.json`);
});

describe('the recordings', () => {
  it('are those of the scenes', () => {
    expect(files.toSorted()).toEqual(Object.keys(scenes).toSorted());
  });

  it('have frames of every kind', () => {
    const kinds = files.flatMap((name) =>
      read(name).steps.flatMap((step) => ('writes' in step ? step.writes.map(([kind]) => kind) : [])),
    );
    expect(new Set(kinds)).toEqual(new Set(Object.keys(Frame)));
  });
});
