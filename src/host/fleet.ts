import { type Afresh, anew, collected } from './afresh.ts';
import { type Become, Becoming, type Wish } from './become.ts';
import type { Channel, Connection, ConnectionSettings } from './connection.ts';
import { frameLoop } from './frames.ts';
import { LiveHost, type SharedByIdentities } from './live-host.ts';
import { beat } from './lock.ts';
import { Locks, type LocksOptions } from './locks.ts';
import type { Meter } from './meter.ts';
import { Shell } from './shell.ts';

/** As whom something is done on a host: the user that logged in, or another one; how, where that is not as its settings say. */
export type Identity = 'login' | ({ readonly user: string } & Become);

/** Where a task reaches a host in another way than its inventory says; empty: in no other. */
export type Way = Partial<Pick<ConnectionSettings, 'connection' | 'user' | 'port'>>;
const asSaid: Way = {};

export interface FleetOptions extends LocksOptions {
  /** Throws a TaskFailure for a name that the inventory does not have. `connection`: in the place of the inventory's. */
  settings(host: string, connection?: ConnectionSettings['connection']): ConnectionSettings;
  connect(settings: ConnectionSettings): Promise<Connection>;
  /** How many hosts are connected to at the same time. */
  readonly forks: number;
  output(host: string, line: string): void;
  trace?(host: string, text: string): void;
  readonly meter?: Meter;
}

interface Reached {
  readonly connection: Connection;
  readonly settings: ConnectionSettings;
}

/** The hosts of a run. Each is connected to once, when first needed; each identity has one shell there. */
export class Fleet {
  private readonly options: FleetOptions;
  private readonly connections = new Map<string, Promise<Reached>>();
  private readonly hosts = new Map<string, LiveHost>();
  private readonly shells = new Map<string, Promise<Shell>>();
  private readonly epochs = new Map<string, SharedByIdentities>();
  private readonly locks: Locks;
  private readonly becoming = new Becoming();
  private connecting = 0;
  private readonly queue: (() => void)[] = [];

  constructor(options: FleetOptions) {
    this.options = options;
    this.locks = new Locks(options, this);
  }

  /** How a host is reached. Throws a TaskFailure for a name that nobody knows. */
  settings(name: string, way: Way = asSaid): ConnectionSettings {
    // What ssh(1) is told is not what foobar's own SSH is.
    const settings = this.options.settings(name, way.connection);
    return way === asSaid ? settings : { ...settings, ...way };
  }

  /** Whether the host was connected to in this run, the usual way. */
  isConnected(name: string): boolean {
    return this.connections.has(keyOf(name, 'login'));
  }

  /** The host as seen by one identity. Does not connect yet. */
  host(name: string, asked: Identity, way: Way = asSaid): LiveHost {
    const identity = this.normal(name, asked, way);
    const key = keyOf(name, identity, way);
    let host = this.hosts.get(key);
    if (!host) {
      let shared = this.epochs.get(name);
      if (!shared) {
        shared = { epoch: 0, wrote: 0, writes: new Set() };
        this.epochs.set(name, shared);
      }
      const trace = this.options.trace;
      host = new LiveHost(name, shared, {
        open: () => this.shell(key, name, identity, way),
        reset: () => this.reset(name),
        exec: (command) => this.program(name, identity, way, command),
        peer: (other) => {
          this.options.settings(other);
          // What is secret of this host is none of the other's.
          return this.host(other, identity === 'login' ? identity : { user: identity.user });
        },
        output: (line) => this.options.output(name, line),
        readOnly: this.options.readOnly,
        ...(trace ? { trace: (text: string) => trace(name, text) } : {}),
      });
      this.hosts.set(key, host);
    }
    return host;
  }

  /** Writes on any host raise it: what reads several hosts is valid while it stays. */
  get epoch(): number {
    let sum = 0;
    for (const shared of this.epochs.values()) sum += shared.epoch;
    return sum;
  }

  /** Whether something that may change a host is under way: what other names of its machine answer may be older than it. */
  get isWriting(): boolean {
    return [...this.epochs.values()].some(({ writes }) => writes.size > 0);
  }

  /** How often something was written in this run, on any host. */
  get wrote(): number {
    let sum = 0;
    for (const shared of this.epochs.values()) sum += shared.wrote;
    return sum;
  }

  /** Raised by every write on the host, and whenever what is asked of it is to be read anew. */
  epochOf(name: string): number {
    return this.epochs.get(name)?.epoch ?? 0;
  }

  /** What is asked of the host from now on is read anew. */
  renew(name: string): void {
    const shared = this.epochs.get(name);
    if (shared) shared.epoch += 1;
  }

  /** Time has passed: the same for every host. */
  renewAll(): void {
    for (const shared of this.epochs.values()) shared.epoch += 1;
  }

  /** Whether something is done as root on the host: the lock and the journal of handlers live there. */
  hasRoot(name: string): boolean {
    return this.hosts.has(keyOf(name, this.normal(name, { user: 'root' })));
  }

  /**
   * Handlers that an earlier run notified on the host and did not get to run. Known once a root shell is open;
   * whoever has run one takes it out.
   */
  pending(name: string): Set<string> {
    return this.locks.pending(name);
  }

  /** Who works here, as the locks of hosts name it. */
  get owner(): string {
    return this.options.owner;
  }

  /** Starts a script beside the shells, without waiting for what they do. */
  beside(name: string, identity: Identity, way: Way, script: string): Promise<Channel> {
    return this.program(name, identity, way, script);
  }

  /**
   * Runs a script over a connection of its own, new on every hop of the way: whether whoever operates the host still gets
   * in. Throws a TransportError for what keeps us out.
   * @param seconds for connecting, for logging in and for the script
   */
  async afresh(name: string, identity: Identity, way: Way, script: string, seconds: number): Promise<Afresh> {
    const settings = anew(this.settings(name, way), seconds);
    const connection = await this.options.connect(settings);
    try {
      const channel = await this.begin({ connection, settings }, name, identity, way, script);
      return await collected(channel, seconds);
    } finally {
      void connection.close();
    }
  }

  /** Lets every shell finish what it was given and closes the connections. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.shells.values()].map(async (shell) => (await shell).close()));
    await this.disconnect();
  }

  /** Ends the connections to a host; the next task there opens new ones (`meta: reset_connection`). */
  async reset(name: string): Promise<void> {
    const mine = (key: string) => key.startsWith(`${name}\0`);
    const shells = [...this.shells].filter(([key]) => mine(key));
    const connections = [...this.connections].filter(([key]) => mine(key));
    for (const [key] of shells) this.shells.delete(key);
    for (const [key] of connections) this.connections.delete(key);
    await Promise.allSettled(shells.map(async ([, shell]) => (await shell).close()));
    await Promise.allSettled(
      connections.map(async ([, reached]) => {
        const { connection } = await reached;
        await (connection.end?.() ?? connection.close());
      }),
    );
    this.renew(name);
  }

  /** Closes the connections at once. Steps under way on the hosts end by themselves, those here are interrupted. */
  async abort(): Promise<void> {
    for (const shell of this.shells.values())
      void shell.then(
        (open) => open.abandon(),
        () => {},
      );
    await this.disconnect();
  }

  private async disconnect(): Promise<void> {
    await Promise.allSettled(
      [...this.connections.values()].map(async (reached) => (await reached).connection.close()),
    );
  }

  /** The user that logs in needs no second shell to become himself. */
  private normal(name: string, identity: Identity, way: Way = asSaid): Identity {
    if (identity === 'login') return identity;
    const { become, user } = this.settings(name, way);
    if (identity.user === user) return 'login';
    const { method, ...usual } = identity;
    return method === (become?.method ?? 'sudo') ? usual : identity;
  }

  private shell(key: string, name: string, identity: Identity, way: Way): Promise<Shell> {
    let shell = this.shells.get(key);
    if (!shell) {
      shell = this.openShell(name, identity, way);
      this.shells.set(key, shell);
      this.options.meter?.opening(name, shell);
    }
    return shell;
  }

  private connection(name: string, way: Way): Promise<Reached> {
    const key = keyOf(name, 'login', way);
    let reached = this.connections.get(key);
    if (!reached) {
      const settings = this.settings(name, way);
      reached = this.turn(async () => ({ connection: await this.options.connect(settings), settings }));
      this.connections.set(key, reached);
    }
    return reached;
  }

  private async openShell(name: string, identity: Identity, way: Way): Promise<Shell> {
    const { connection } = await this.connection(name, way);
    const channel = await this.program(name, identity, way, frameLoop);
    const shell = new Shell(name, channel, connection.lost, this.options.meter?.shell(name));
    if (this.userOf(name, identity, way) !== 'root') return shell;
    if (connection.isSilent) shell.beat(beat);
    try {
      await this.locks.take(name, shell);
      return shell;
    } catch (error) {
      if (this.becoming.learns(name, error)) return this.openShell(name, identity, way);
      throw error;
    }
  }

  private async program(name: string, identity: Identity, way: Way, script: string): Promise<Channel> {
    return this.begin(await this.connection(name, way), name, identity, way, script);
  }

  private begin(
    { connection, settings }: Reached,
    name: string,
    identity: Identity,
    way: Way,
    script: string,
  ): Promise<Channel> {
    const wish: Wish = {
      ...settings.become,
      ...(identity !== 'login' && identity),
      host: name,
      login: settings.user,
      user: this.userOf(name, identity, way),
    };
    return this.becoming.start(connection, wish, script);
  }

  private userOf(name: string, identity: Identity, way: Way): string {
    return identity === 'login' ? this.settings(name, way).user : identity.user;
  }

  private async turn<T>(work: () => Promise<T>): Promise<T> {
    while (this.connecting >= this.options.forks)
      await new Promise<void>((resolve) => this.queue.push(resolve));
    this.connecting += 1;
    try {
      return await work();
    } finally {
      this.connecting -= 1;
      this.queue.shift()?.();
    }
  }
}

function keyOf(name: string, identity: Identity, way: Way = asSaid): string {
  const [user, method] = identity === 'login' ? ['', ''] : [identity.user, identity.method ?? ''];
  return [name, user, way.connection ?? '', way.user ?? '', way.port ?? '', method].join('\0');
}
