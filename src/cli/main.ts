#!/usr/bin/env node
/**
 * The command line. Every command ends by returning its exit code; nothing calls `process.exit` while output is pending,
 * but for an interrupted `listen` whose stdout nobody reads, and a second ^C.
 */
import { readFileSync } from 'node:fs';
import { MasterlessError } from '../index.js';
import { Exit, UsageError } from './arguments.js';
import * as demo from './demo.js';
import * as keygen from './keygen.js';
import * as listen from './listen.js';
import * as ping from './ping.js';
import * as send from './send.js';
import { visible } from './visible.js';

interface Command {
  readonly help: string;
  readonly run: (args: readonly string[]) => Promise<number>;
}

const commands: ReadonlyMap<string, Command> = new Map(Object.entries({ listen, send, ping, keygen, demo }));

const help = `masterless: processes that talk straight to each other.

  masterless listen            prints every packet that arrives
  masterless send URI...       sends every line of stdin
  masterless ping URI          who is there, and how long it takes to answer
  masterless keygen            makes a secret, or certificates, which close a mesh to all who have none
  masterless demo              five processes, broken links, a kill -9, and every packet accounted for

  masterless COMMAND --help    more on a command
  masterless --version
`;

/** Local errors that lie in what the command was given. */
const MISTAKES: ReadonlySet<string> = new Set([
  'ERR_URI',
  'ERR_ID',
  'ERR_OPTION',
  'ERR_INSECURE',
  'ERR_ARGUMENT',
  'ERR_UNSUPPORTED',
]);

async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(help);
    return name === undefined ? Exit.usage : Exit.done;
  }
  if (name === '--version' || name === '-v') {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    process.stdout.write(`${version}\n`);
    return Exit.done;
  }
  const command = commands.get(name);
  if (command === undefined) throw new UsageError(`there is no command ${JSON.stringify(name)}`);
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(command.help);
    return Exit.done;
  }
  return command.run(args);
}

function failed(error: unknown, name: string | undefined): number {
  const { usage } = Exit;
  const mistake = error instanceof UsageError || (error instanceof MasterlessError && MISTAKES.has(error.code));
  const text = error instanceof Error ? error.message : String(error);
  const about = name !== undefined && commands.has(name) ? `masterless ${name}` : 'masterless';
  process.stderr.write(`${about}: ${visible(text)}${mistake ? ` (see ${about} --help)` : ''}\n`);
  if (!mistake && !(error instanceof MasterlessError) && process.env.DEBUG !== undefined) console.error(error);
  return mistake ? usage : Exit.failed;
}

const args = process.argv.slice(2);
let unwritten: number = Exit.done;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // A pipe that is closed early is nobody's fault, and `listen` finds it out by itself. But a secret that went to a full disk is lost.
  if (error.code === 'EPIPE' || args[0] === 'listen' || unwritten !== Exit.done) return;
  unwritten = failed(new Error(`stdout could not be written: ${error.message}`), args[0]);
  process.exitCode = unwritten;
});
process.stderr.on('error', () => undefined);
const code = await main(args).catch((error: unknown) => failed(error, args[0]));
process.exitCode = code === Exit.done ? unwritten : code;
