import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { LineOutput } from '../../src/cli/output.js';

describe('LineOutput', () => {
  it('writes lines in order', async () => {
    const stream = new PassThrough();
    const output = new LineOutput(stream);
    output.line('a');
    output.line('b');
    await output.flushed();
    expect(stream.read().toString()).toBe('a\nb\n');
    expect(output.unwritten).toBe(0);
  });

  it('says when to wait, and when there is room again', async () => {
    const stream = new PassThrough({ highWaterMark: 10 });
    const output = new LineOutput(stream);
    output.line('x'.repeat(70_000));
    expect(output.full).toBe(true);
    const room = output.room();
    stream.resume();
    await room;
    expect(output.full).toBe(false);
  });

  it('waits no longer than its signal', async () => {
    const output = new LineOutput(new PassThrough({ highWaterMark: 10 }));
    output.line('x'.repeat(70_000));
    const controller = new AbortController();
    const room = output.room(controller.signal);
    controller.abort();
    await room;
    expect(output.full).toBe(true);
  });

  it('knows that the stream was closed, and what it has not written', async () => {
    const stream = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) });
    const output = new LineOutput(stream);
    output.line('a');
    output.line('b');
    await output.flushed();
    expect(output.closed).toBe(true);
    expect(output.unwritten).toBe(2);
    expect(output.full).toBe(false);
  });
});
