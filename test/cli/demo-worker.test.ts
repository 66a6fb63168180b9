import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import type { News, WorkerConfig } from '../../src/cli/demo-worker.js';

const PROGRAM = fileURLToPath(new URL('../../dist/cli/demo-worker.js', import.meta.url));

describe('a node of the demo', () => {
  let child: ChildProcess | null = null;
  afterEach(() => child?.kill('SIGKILL'));

  function start(config: Partial<WorkerConfig> = {}): ChildProcess {
    const whole = { id: 'a', run: 1, port: 0, advertise: 'tcp://127.0.0.1:9', ...config };
    child = fork(PROGRAM, [JSON.stringify(whole)], { execArgv: [] });
    return child;
  }

  async function news(of: ChildProcess, kind: News['kind']): Promise<News> {
    for (;;) {
      const [message] = (await once(of, 'message')) as [News];
      if (message.kind === kind) return message;
    }
  }

  it('tells that it listens, what it has, and ends when asked to', async () => {
    const worker = start();
    await news(worker, 'listening');
    expect(await news(worker, 'report')).toEqual({
      kind: 'report',
      sent: [],
      received: [],
      peers: {},
      sockets: 0,
      reconnects: 0,
    });
    worker.send({ kind: 'close' });
    expect(await once(worker, 'exit')).toEqual([0, null]);
  });

  it('ends with its coordinator', async () => {
    const worker = start();
    await news(worker, 'listening');
    worker.disconnect();
    expect(await once(worker, 'exit')).toEqual([0, null]);
  });
});
