/**
 * `masterless listen`: every packet that arrives as a line on stdout, no faster than stdout takes them.
 */
import { randomBytes } from 'node:crypto';
import { type DisconnectReason, Server } from '../index.js';
import { Arguments, Exit } from './arguments.js';
import { credentialHelp, credentialKinds, credentialsOf, credentialUsage, idOf } from './credentials.js';
import { Interruption } from './interruption.js';
import { toJson } from './notation.js';
import { LineOutput } from './output.js';
import { visible } from './visible.js';

export const help: string = `masterless listen: prints every packet that arrives.

  masterless listen [--id ID] [--host HOST] [--port PORT] [--listen URI]... [--advertise URI]...
                    [--insecure] [--keep-going] [--json]
                    ${credentialUsage}

  --id ID          the id of this node (default: listen- and random digits)
  --host HOST      where to listen (default 127.0.0.1); anything but loopback needs credentials or --insecure
  --port PORT      (default: one that is free)
  --listen URI     where to listen, in place of --host and --port; may be repeated
  --advertise URI  where others can dial, if not at what is bound; may be repeated
${credentialHelp}
  --insecure       without credentials: listen where other machines, and so anyone who reaches it, can join
  --keep-going     go on when all peers have gone
  --json           what it tells on stderr is JSON too; mistakes in the command, and warnings, are text

stderr begins with the line "listening at URI as ID", or with the warning that --insecure brings. stdout gets a line
{"from":ID,"packet":…} for each packet. It is acknowledged when it is taken for printing: a slow stdout holds the
senders back.

What JSON can't say is written as an object with one key: {"$bytes":"<base64>"}, {"$date":"<ISO 8601>"},
{"$bigint":"<digits>"}, {"$number":"NaN"|"Infinity"|"-Infinity"|"-0"}. An object that has such a key of its own gets
another $ before it. send reads the same notation.

Without --keep-going it ends when peers had connected and none is left.

exit code  0  all who had connected said goodbye
           1  the last has gone, and a peer was lost without goodbye; or stdout was closed; or it can't listen there
           2  a mistake in the command
           130, 143  interrupted by ^C, SIGTERM: prints what it has taken, acknowledges no more, and says goodbye, for a
                     second; after two it ends in any case, and stderr says how much stdout has not taken
`;

/** Who interrupts waits no longer than this: not for peers that wait for stdout, and not for stdout. */
const PATIENCE = 1000;

/** Ends of a session at which nothing that was accepted is missing. */
const ORDERLY: ReadonlySet<DisconnectReason> = new Set<DisconnectReason>([
  'closed',
  'disconnected',
  'unwanted',
  'local',
]);

export async function run(args: readonly string[]): Promise<number> {
  const options = new Arguments(args, {
    id: 'text',
    host: 'text',
    port: 'text',
    listen: 'list',
    advertise: 'list',
    ...credentialKinds,
    insecure: 'flag',
    'keep-going': 'flag',
    json: 'flag',
  });
  options.nothingElse();
  const tell = teller(options.flag('json'));
  const listen = options.list('listen');
  const advertise = options.list('advertise');
  const host = options.text('host');
  const port = options.whole('port', 0, 0, 65_535);
  const credentials = credentialsOf(options, process.env);
  const server = new Server(options.text('id') ?? idOf(credentials) ?? `listen-${randomBytes(4).toString('hex')}`, {
    ...credentials,
    insecure: options.flag('insecure'),
    closeTimeout: PATIENCE,
    ...(host === undefined ? {} : { host }),
    ...(options.text('port') === undefined ? {} : { port }),
    ...(listen.length === 0 ? {} : { listen }),
    ...(advertise.length === 0 ? {} : { advertise }),
  });
  const interruption = new Interruption();
  const output = new LineOutput(process.stdout);
  let lost = false;
  let failed = false;
  server.on('listening', (uri) => tell(`listening at ${uri} as ${server.id}`, { listening: uri, id: server.id }));
  server.on('error', (error) => {
    failed = true;
    tell(`masterless listen: ${error.message}`, { error: error.message, code: error.code });
  });
  server.on('conflict', (id) => tell(`two nodes claim the id ${id}`, { conflict: id }));
  server.on('disconnect', (id, reason) => {
    if (!ORDERLY.has(reason)) {
      lost = true;
      tell(`${id} was lost without goodbye (${reason})`, { lost: id, reason });
    }
    // Who has restarted is here again at once.
    if (reason !== 'restarted' && server.connections().length === 0 && !options.flag('keep-going')) void server.close();
  });
  const stop = new AbortController();
  const patience = new AbortController();
  for (const signal of [interruption.signal, output.gone]) signal.addEventListener('abort', () => stop.abort());
  interruption.signal.addEventListener('abort', () => setTimeout(() => patience.abort(), PATIENCE).unref());
  await print(server, output, stop.signal);
  await server.close();
  await output.flushed(patience.signal);
  const { closed, unwritten } = output;
  if (closed || unwritten > 0) {
    const why = closed ? 'was closed' : 'is not read';
    tell(`stdout ${why}; packets taken and not written: ${unwritten}`, { unwritten });
    if (closed) return Exit.failed;
    // What is still to be written would keep the process for as long as nobody reads.
    process.exit(interruption.code);
  }
  if (failed) return Exit.failed;
  if (interruption.code !== 0) return interruption.code;
  return lost ? Exit.failed : Exit.done;
}

/** Prints until the node is closed or the signal is aborted. */
async function print(server: Server, output: LineOutput, signal: AbortSignal): Promise<void> {
  try {
    for await (const { sender, packet } of server.messages({ signal })) {
      output.line(visible(`{"from":${JSON.stringify(sender)},"packet":${toJson(packet)}}`));
      if (output.full) await output.room(signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function teller(json: boolean): (text: string, data: object) => void {
  return (text, data) => process.stderr.write(`${visible(json ? JSON.stringify(data) : text)}\n`);
}
