/** What the compiler knows about the public API. */
import { once } from 'node:events';
import { describe, expectTypeOf, it } from 'vitest';
import Default, {
  type Codec,
  type ConnectInfo,
  type DisconnectReason,
  type ErrorCode,
  type ErrorSide,
  type errorCodes,
  type MasterlessError,
  type Message,
  type Messages,
  type msgpack,
  Server,
  type ServerEvents,
  type ServerOptions,
  type Transport,
  type Undelivered,
} from '../../src/index.js';

interface Count {
  readonly type: 'counter';
  readonly total: number;
}

declare const server: Server<Count>;
declare const untyped: Server;
declare const count: Count;

describe('options', () => {
  it('that are undefined have their defaults, but for those on which security depends', () => {
    new Server('a', { port: undefined, codec: undefined, debug: undefined, reconnect: { attempts: undefined } });
    void server.connect('tcp://h:1', { id: undefined, signal: undefined });
    void server.deliver('a', count, { urgent: undefined, signal: undefined });
    // @ts-expect-error - a secret that is not there is no wish to go without
    new Server('a', { secret: undefined });
    // @ts-expect-error - nor are rules
    new Server('a', { authorize: undefined });
  });
});

describe('Server', () => {
  it('is the default export too', () => {
    expectTypeOf(Default).toEqualTypeOf(Server);
  });

  it('takes an id and options', () => {
    expectTypeOf(Server).constructorParameters.toEqualTypeOf<[id: string, options?: ServerOptions | undefined]>();
    expectTypeOf(untyped).toEqualTypeOf<Server<unknown>>();
  });

  it('refuses options that do not exist, or are of another type', () => {
    // @ts-expect-error: a misspelt option
    new Server('a', { prot: 1 });
    // @ts-expect-error: a port is a number
    new Server('a', { port: '1' });
    // @ts-expect-error: a nested option that does not exist
    new Server('a', { reconnect: { tries: 1 } });
    // @ts-expect-error: an id is a string
    new Server(1);
  });

  it('has the calls of the original', () => {
    expectTypeOf(server.info).returns.toEqualTypeOf<string | null>();
    expectTypeOf(server.connect).returns.resolves.toBeString();
    expectTypeOf(server.connect).parameter(0).toEqualTypeOf<string | URL>();
    expectTypeOf(server.disconnect).returns.resolves.toBeVoid();
    expectTypeOf(server.keep).parameters.toEqualTypeOf<[id: string, keep?: boolean | undefined]>();
    expectTypeOf(server.close).parameters.toEqualTypeOf<[callback?: (() => void) | undefined]>();
  });

  it('send tells whether one peer took a packet, or how many did', () => {
    expectTypeOf(server.send('a', count)).toBeBoolean();
    expectTypeOf(server.send(['a', 'b'] as const, count, { urgent: true })).toBeNumber();
    expectTypeOf(server.send({} as string | string[], count)).toEqualTypeOf<boolean | number>();
    // @ts-expect-error: not what this node's packets are
    server.send('a', { type: 'counter' });
    expectTypeOf(server.send('a', count, { ttl: 500 })).toBeBoolean();
    // @ts-expect-error: not milliseconds
    server.send('a', count, { ttl: '500ms' });
    // @ts-expect-error: not an option of send
    server.send('a', count, { signal: AbortSignal.abort() });
    untyped.send('a', { anything: [1, 'two'] });
  });

  it('deliver, flush, ping and messages can be waited for', () => {
    expectTypeOf(server.deliver('a', count, { signal: AbortSignal.abort() })).resolves.toBeVoid();
    expectTypeOf(server.flush()).resolves.toBeVoid();
    expectTypeOf(server.ping('a')).resolves.toBeNumber();
    expectTypeOf(server.messages()).toEqualTypeOf<Messages<Count>>();
    expectTypeOf(server.messages()).toExtend<AsyncIterableIterator<Message<Count>> & AsyncDisposable>();
    expectTypeOf(server.messages().next()).resolves.toEqualTypeOf<IteratorResult<Message<Count>, undefined>>();
    expectTypeOf<Message<Count>>().toEqualTypeOf<{ readonly sender: string; readonly packet: Count }>();
  });

  it('is closed by await using', () => {
    expectTypeOf<Server>().toExtend<AsyncDisposable>();
  });
});

describe('events', () => {
  it('know their arguments, and the node as this', () => {
    server.on('message', function (...args) {
      expectTypeOf(this).toEqualTypeOf<Server<Count>>();
      expectTypeOf(args).toEqualTypeOf<[sender: string, packet: Count]>();
    });
    server.once('listening', (...args) => expectTypeOf(args).toEqualTypeOf<[info: string]>());
    server.on('connect', (...args) => expectTypeOf(args).toEqualTypeOf<[id: string, info: ConnectInfo]>());
    server.on('disconnect', (...args) => expectTypeOf(args).toEqualTypeOf<[id: string, reason: DisconnectReason]>());
    server.on('expired', (...args) => expectTypeOf(args).toEqualTypeOf<[id: string, packets: readonly Count[]]>());
    server.on('undelivered', (...args) =>
      expectTypeOf(args).toEqualTypeOf<[id: string, packets: Undelivered<Count>]>(),
    );
    server.on('unreachable', (...args) => expectTypeOf(args).toEqualTypeOf<[uri: string, error: MasterlessError]>());
    server.on('fault', (...args) => expectTypeOf(args).toEqualTypeOf<[remote: string, error: MasterlessError]>());
    server.on('error', (...args) => expectTypeOf(args).toEqualTypeOf<[error: MasterlessError]>());
    untyped.on('message', (_sender, packet) => expectTypeOf(packet).toBeUnknown());
  });

  it('are all that there are', () => {
    // @ts-expect-error: a misspelt event
    server.on('mesage', () => undefined);
    // @ts-expect-error: an argument of another type
    server.on('connect', (id: number) => id);
    // @ts-expect-error: an argument is missing
    server.emit('listening');
  });

  it('may have an emit of an own class, and functions for any of them', () => {
    class Own extends Server<Count> {
      override emit<E extends keyof ServerEvents<Count>>(event: E, ...args: ServerEvents<Count>[E]): boolean {
        return super.emit(event, ...args);
      }
    }
    expectTypeOf(new Own('a')).toExtend<Server<Count>>();
    function forward<E extends keyof ServerEvents<Count>>(
      event: E,
      listener: (...args: ServerEvents<Count>[E]) => void,
    ): void {
      server.on(event, listener);
    }
    forward('message', (sender, packet) => {
      expectTypeOf(sender).toEqualTypeOf<string>();
      expectTypeOf(packet).toEqualTypeOf<Count>();
    });
  });

  it('can be waited for with the functions of node:events', () => {
    expectTypeOf(once(server, 'listening')).toExtend<Promise<unknown[]>>();
  });
});

describe('errors', () => {
  it('have a code of the table, a side and a cause', () => {
    expectTypeOf<MasterlessError['code']>().toEqualTypeOf<ErrorCode>();
    expectTypeOf<MasterlessError['uncertain']>().toEqualTypeOf<boolean | undefined>();
    expectTypeOf<MasterlessError['side']>().toEqualTypeOf<ErrorSide>();
    expectTypeOf<ErrorCode>().toEqualTypeOf<(typeof errorCodes)[number]>();
    expectTypeOf<MasterlessError>().toExtend<Error>();
  });
});

describe('parts', () => {
  it('msgpack is a codec, and options take codecs and transports', () => {
    expectTypeOf<ReturnType<typeof msgpack>>().toExtend<Codec>();
    expectTypeOf<ServerOptions['codec']>().toEqualTypeOf<Codec | undefined>();
    expectTypeOf<ServerOptions['transports']>().toEqualTypeOf<readonly Transport[] | undefined>();
  });
});
