/**
 * Hosts of our own: network namespaces of Linux, each joined by a cable to a router, which is a namespace too. Nothing of
 * it touches the machine's own network. Needs root, and `ip`, `tc` and `nft`.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const TOOLS: Readonly<Record<string, string>> = { ip: 'iproute2', tc: 'iproute2', nft: 'nftables' };
/** Names begin with it and tell the process that made them. */
const PREFIX = 'masterless-';

/** Where `ip` finds files that a namespace has in place of those in /etc. */
const ETC = '/etc/netns';

/** Installs what is missing. Throws, saying what is to be done, where namespaces can't be had. */
export function prepareNamespaces(): void {
  if (process.platform !== 'linux') throw new Error('network namespaces are a thing of Linux: run this part there');
  if (process.getuid?.() !== 0) {
    throw new Error('network namespaces need root: run this part as root, or name the other parts with --only');
  }
  const missing = [
    ...new Set(
      Object.keys(TOOLS)
        .filter((tool) => !has(tool))
        .map((tool) => TOOLS[tool] as string),
    ),
  ];
  if (missing.length > 0) install(missing);
  for (const tool of Object.keys(TOOLS))
    if (!has(tool)) throw new Error(`${tool} is not there: install ${TOOLS[tool]}`);
  removeStale();
}

export interface Host {
  readonly name: string;
  readonly namespace: string;
  readonly address: string;
  /** Of the router, on this host's cable. */
  readonly gateway: string;
  /** Command that runs the command behind it on this host. */
  readonly command: readonly string[];
}

/** Namespaces of labs that are open; a process that is ended takes them with it. */
const open = new Set<string>();
let count = 0;
process.on('exit', () => {
  for (const namespace of open) remove(namespace);
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

export class Lab {
  readonly hosts: readonly Host[];
  readonly #router: string;
  /** Packets that the router's filter caught, in filters that are gone. */
  #caught = 0;

  constructor(names: readonly string[]) {
    const prefix = `${PREFIX}${process.pid}-${count++}`;
    this.#router = `${prefix}-router`;
    this.hosts = names.map((name, index) => {
      const namespace = `${prefix}-${name}`;
      const [address, gateway] = [`10.77.${index + 1}.2`, `10.77.${index + 1}.1`];
      return { name, namespace, address, gateway, command: ['ip', 'netns', 'exec', namespace] };
    });
    create(this.#router);
    run(this.#router, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward');
    for (const { name, namespace, address, gateway } of this.hosts) {
      create(namespace);
      ip('link', 'add', 'eth0', 'netns', namespace, 'type', 'veth', 'peer', 'name', cable(name), 'netns', this.#router);
      ip('-n', this.#router, 'addr', 'add', `${gateway}/24`, 'dev', cable(name));
      ip('-n', this.#router, 'link', 'set', 'dev', cable(name), 'up');
      ip('-n', namespace, 'addr', 'add', `${address}/24`, 'dev', 'eth0');
    }
    for (const host of this.hosts) this.up(host);
  }

  /** The router lets pass only what no rule catches. A rule is a match of `nft`; what becomes of it is `verdict`. */
  filter(matches: readonly string[], verdict = 'drop'): void {
    this.pass();
    const rules = matches.map((match) => `${match} counter ${verdict};`).join(' ');
    const chain = (hook: string): string => `chain ${hook} { type filter hook ${hook} priority 0; ${rules} }`;
    // What the router itself has to say does not pass `forward`: that a packet is too large, or a reset of this filter.
    const chains = verdict === 'drop' ? [chain('forward'), chain('output')] : [chain('forward')];
    execFileSync('ip', ['netns', 'exec', this.#router, 'nft', '-f', '-'], {
      input: `table inet chaos { ${chains.join('; ')}; }`,
    });
  }

  /** The router lets pass everything again. */
  pass(): void {
    const rules = run(this.#router, 'nft', 'list', 'ruleset');
    for (const [, packets] of rules.matchAll(/counter packets (\d+)/g)) this.#caught += Number(packets);
    run(this.#router, 'nft', 'flush', 'ruleset');
  }

  /** Packets caught by filters so far, that of now excepted. */
  get caught(): number {
    return this.#caught;
  }

  /** Bytes a second on the way to each host, by the token bucket of `tc`. */
  limit(rate: string, burst: string): void {
    for (const { name } of this.hosts) {
      run(
        this.#router,
        'tc',
        'qdisc',
        'add',
        'dev',
        cable(name),
        'root',
        'tbf',
        'rate',
        rate,
        'burst',
        burst,
        'latency',
        '500ms',
      );
    }
  }

  /** How often a packet had to wait for the limit. */
  get waited(): number {
    const shown = run(this.#router, 'tc', '-s', 'qdisc', 'show');
    return [...shown.matchAll(/overlimits (\d+)/g)].reduce((sum, [, times]) => sum + Number(times), 0);
  }

  /** What the router does with packets for this host, in place of handing them on. */
  misroute(host: Host, kind: 'blackhole' | 'unreachable'): void {
    ip('-n', this.#router, 'route', 'add', kind, `${host.address}/32`);
  }

  route(host: Host, kind: 'blackhole' | 'unreachable'): void {
    ip('-n', this.#router, 'route', 'del', kind, `${host.address}/32`);
  }

  down({ namespace }: Host): void {
    ip('-n', namespace, 'link', 'set', 'dev', 'eth0', 'down');
  }

  /** Routes went with the cable. */
  up({ namespace, gateway }: Host): void {
    ip('-n', namespace, 'link', 'set', 'dev', 'lo', 'up');
    ip('-n', namespace, 'link', 'set', 'dev', 'eth0', 'up');
    ip('-n', namespace, 'route', 'replace', 'default', 'via', gateway);
  }

  /** Largest packet on this host's cable. */
  mtu({ name, namespace }: Host, bytes: number): void {
    ip('-n', this.#router, 'link', 'set', 'dev', cable(name), 'mtu', `${bytes}`);
    ip('-n', namespace, 'link', 'set', 'dev', 'eth0', 'mtu', `${bytes}`);
  }

  /** What the host's system knows of the way to another. */
  way({ namespace }: Host, to: Host): string {
    return ip('-n', namespace, 'route', 'get', to.address);
  }

  /** The host gets another address in place of the one it has. Returns the new one. */
  move(host: Host): string {
    const address = host.address.replace(/\d+$/, '3');
    // In this order: the second address of a network goes with the first.
    ip('-n', host.namespace, 'addr', 'del', `${host.address}/24`, 'dev', 'eth0');
    ip('-n', host.namespace, 'addr', 'add', `${address}/24`, 'dev', 'eth0');
    ip('-n', host.namespace, 'route', 'replace', 'default', 'via', host.gateway);
    return address;
  }

  /** The name by which this host knows an address from now on. Must be told once before programs start there. */
  name({ namespace }: Host, name: string, address: string): void {
    mkdirSync(join(ETC, namespace), { recursive: true });
    writeFileSync(join(ETC, namespace, 'hosts'), `127.0.0.1 localhost\n${address} ${name}\n`);
  }

  dispose(): void {
    for (const namespace of [this.#router, ...this.hosts.map((host) => host.namespace)]) remove(namespace);
  }
}

/** The router's end of a host's cable. */
function cable(name: string): string {
  return `to-${name}`;
}

function create(namespace: string): void {
  open.add(namespace);
  ip('netns', 'add', namespace);
}

function remove(namespace: string): void {
  open.delete(namespace);
  rmSync(join(ETC, namespace), { recursive: true, force: true });
  if (existsSync(`/run/netns/${namespace}`)) ip('netns', 'del', namespace);
}

/** Of processes that were killed and could not clean up. */
function removeStale(): void {
  const names = existsSync('/run/netns') ? readdirSync('/run/netns') : [];
  for (const name of names) {
    const [, pid] = new RegExp(`^${PREFIX}(\\d+)-`).exec(name) ?? [];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) remove(name);
  }
}

function install(packages: readonly string[]): void {
  console.log(`installing ${packages.join(' and ')}`);
  const aptGet = (...args: string[]): void => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    execFileSync('apt-get', ['-o', 'DPkg::Lock::Timeout=120', ...args], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env,
    });
  };
  const wanted = ['install', '-y', '--no-install-recommends', ...packages];
  try {
    aptGet(...wanted);
  } catch {
    // The list of packages may be old, or not there.
    aptGet('update');
    aptGet(...wanted);
  }
}

function has(tool: string): boolean {
  const folders = (process.env.PATH ?? '').split(':');
  return folders.some((folder) => existsSync(join(folder, tool)));
}

function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function run(namespace: string, ...command: string[]): string {
  return ip('netns', 'exec', namespace, ...command);
}
