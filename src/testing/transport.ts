/**
 * `sim://name`: the transport of a simulated process. The other schemes lead out of the simulation, to sockets that know
 * nothing of its time and its faults: here they are refused.
 */
import { MasterlessError } from '../errors.js';
import type { ConnectionEvents, Listener, ListenerEvents, Transport } from '../transports/transport.js';
import { refuseUri, type UriKind, uriText } from '../transports/uri.js';
import type { Agenda } from './agenda.js';
import type { Process } from './process.js';

const KIND: UriKind = { name: 'an address in a simulation', example: 'sim://name' };

/** The address of an id, or of any other name. */
export function simUri(name: string): string {
  return `sim://${encodeURIComponent(name)}`;
}

/** The transports of a process, in place of the usual ones. */
export function simTransports(process: Process, agenda: Agenda): Transport[] {
  return [sim(process, agenda), ...['tcp', 'unix', 'memory'].map(outside)];
}

function sim(process: Process, agenda: Agenda): Transport {
  const soon = (run: () => void): void => agenda.at(agenda.now, run);
  return {
    scheme: 'sim',
    canonical: (uri) => simUri(parse(uri)),
    isLocal(uri) {
      parse(uri);
      return true;
    },
    dial: (uri: string, events: ConnectionEvents) => process.dial(parse(uri), uri, events),
    listen(uri: string, events: ListenerEvents): Listener {
      const name = parse(uri);
      let open = true;
      const taken = !process.listen(name, (connection) => events.accept(connection));
      soon(() => {
        if (!open) return;
        if (!taken) events.listening(simUri(name));
        else events.error(new MasterlessError('ERR_LISTEN', `can't listen at ${uri}: it is in use; choose another`));
      });
      return {
        close(callback) {
          // Closed again, it must take nothing from a later one.
          if (open && !taken) process.unlisten(name);
          open = false;
          soon(callback);
        },
      };
    },
  };
}

function outside(scheme: string): Transport {
  const refuse = (uri: string): never =>
    refuseUri(uriText(uri, KIND), KIND, `a simulation has no ${scheme}: nodes listen and dial within it`);
  return { scheme, canonical: refuse, isLocal: refuse, listen: refuse, dial: refuse };
}

function parse(given: string): string {
  const uri = uriText(given, KIND);
  const [, name = ''] = /^sim:\/\/([^/?#@:\s]{1,1000})$/i.exec(uri) ?? [];
  try {
    if (name !== '') return decodeURIComponent(name);
  } catch {
    // A sign is not encoded as it should be.
  }
  return refuseUri(uri, KIND, 'it must be sim:// and a name, encoded as in any URI');
}
