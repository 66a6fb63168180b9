import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ResettingProxy } from '../../src/cli/demo-proxy.js';
import { eventually } from '../support/events.js';

describe('ResettingProxy', () => {
  let target: Server;
  let proxy: ResettingProxy;
  let port: number;

  beforeEach(async () => {
    proxy = new ResettingProxy();
    target = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => undefined);
      socket.pipe(socket);
    });
    target.listen(0, '127.0.0.1');
    await once(target, 'listening');
    port = Number(new URL(await proxy.listen()).port);
  });
  afterEach(() => {
    proxy.close();
    target.close();
  });

  async function echoed(): Promise<Socket> {
    const socket = connect(port, '127.0.0.1');
    socket.write('hello');
    expect(String((await once(socket, 'data'))[0])).toBe('hello');
    return socket;
  }

  it('carries bytes both ways, and resets a connection when told to', async () => {
    proxy.target = (target.address() as AddressInfo).port;
    const [first, second] = [await echoed(), await echoed()];
    expect(proxy.size).toBe(2);
    proxy.cut(0);
    const [error] = await once(first, 'error');
    expect(error).toMatchObject({ code: 'ECONNRESET' });
    expect(proxy.size).toBe(1);
    second.end('!');
    expect(String((await once(second, 'data'))[0])).toBe('!');
    await once(second, 'close');
    expect(proxy.size).toBe(0);
  });

  it('lets go of a connection that is cut in the moment in which it ends', async () => {
    proxy.target = (target.address() as AddressInfo).port;
    const open = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
    const before = open();
    const socket = await echoed();
    socket.on('error', () => undefined);
    socket.end();
    const end = vi.spyOn(Socket.prototype, 'end');
    end.mockImplementation(function (this: Socket) {
      end.mockRestore();
      this.end();
      proxy.cutAll();
      return this;
    });
    await eventually(() => socket.closed && open() === before, 'all sockets closed', 3000);
  });

  it('turns connections away when it has no target', async () => {
    const socket = connect(port, '127.0.0.1');
    const [error] = await once(socket, 'error');
    expect(error).toMatchObject({ code: 'ECONNRESET' });
  });
});
