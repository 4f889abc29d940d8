import { NotYet, TaskFailure } from '../../errors.ts';
import type { HostReader, Query } from '../contract.ts';
import { type Command, sh } from '../sh.ts';

/** A server line of a backend, as HAProxy's runtime socket tells it. */
export interface BackendServer {
  readonly backend: string;
  /** UP, DOWN, DRAIN, MAINT, "UP 1/2", "no check" and so on: column `status` of `show stat`. */
  readonly status: string;
  /** Effective weight: column `weight` of `show stat`. */
  readonly weight: string;
  /** Sessions that are open now. */
  readonly sessions: number;
  /** Whether an administrator has put it into maintenance. */
  readonly maintenance: boolean;
  /** Whether an administrator drains it: no new sessions, health checks go on. */
  readonly drained: boolean;
  readonly userWeight: number;
  readonly initialWeight: number;
  /** Undefined where none is configured. */
  readonly healthChecks: boolean | undefined;
  readonly agentChecks: boolean | undefined;
}

export interface BalancerState {
  /** Names of all backends, in HAProxy's order. */
  readonly backends: readonly string[];
  /** By name of the server. */
  readonly servers: ReadonlyMap<string, readonly BackendServer[]>;
}

type Answer =
  | { readonly state: 'up'; readonly balancer: BalancerState }
  | { readonly state: 'down'; readonly reason: string };

const marker = 'foobar-answer-';

/** Perl is essential on Debian (perl-base) and has sockets; neither sh nor bash speaks to a Unix socket. */
const speak = `use IO::Socket::UNIX;
my $words = do { local $/; <STDIN> };
for my $path (@ARGV) {
  my $socket = IO::Socket::UNIX->new(Peer => $path);
  if (!$socket) { print "${marker}down $!\\n"; next }
  print "${marker}up\\n";
  alarm 20;
  print $socket $words;
  print while <$socket>;
}`;

/** Sends runtime commands, one line of them with semicolons between, to each of the sockets. */
export function speakToHaproxy(line: string, sockets: readonly string[]): Command {
  return sh`printf '%s\\n' ${line} | LC_ALL=C perl -e ${speak} ${sockets}`;
}

/** What HAProxy says of its servers, by path of its runtime socket. One process for all sockets. */
export const haproxy: Query<string, Answer> = {
  name: 'haproxy',
  key: (socket) => socket,
  script: (sockets) => speakToHaproxy('show servers state;show stat', sockets),
  parse(stdout, sockets) {
    const answers = splitAnswers(stdout.toString('utf8'));
    if (answers.length !== sockets.length)
      throw new Error(`asked ${sockets.length} sockets of HAProxy, ${answers.length} answers came`);
    return answers.map(({ reason, text }) =>
      reason === undefined ? { state: 'up', balancer: parseState(text) } : { state: 'down', reason },
    );
  },
};

/** What came back from each socket; `reason` where none listens. */
export function splitAnswers(output: string): { reason: string | undefined; text: string }[] {
  return output
    .split(new RegExp(`^${marker}`, 'm'))
    .slice(1)
    .map((part) => {
      const end = part.indexOf('\n');
      const head = part.slice(0, end);
      return {
        reason: head.startsWith('down ') ? head.slice('down '.length) : undefined,
        text: part.slice(end + 1),
      };
    });
}

/**
 * The state behind a runtime socket, as it is now.
 * @throws NotYet where HAProxy does not listen on it
 */
export async function readHaproxy(host: HostReader, socket: string): Promise<BalancerState> {
  return stateOf(await host.ask(haproxy, socket), host, socket);
}

/** The same, whatever was read before. */
export async function rereadHaproxy(host: HostReader, socket: string): Promise<BalancerState> {
  const { stdout } = await host.look(haproxy.script([socket]));
  return stateOf(haproxy.parse(Buffer.from(stdout), [socket])[0]!, host, socket);
}

function stateOf(answer: Answer, host: HostReader, socket: string): BalancerState {
  if (answer.state === 'up') return answer.balancer;
  throw new NotYet(
    `HAProxy does not answer on ${socket} of ${host.name}: ${answer.reason}`,
    'Its configuration needs: stats socket PATH level admin.',
  );
}

/** SRV_ADMF_FMAINT and SRV_ADMF_FDRAIN of HAProxy's server-t.h in srv_admin_state: what an administrator has forced. */
const admin = { maintenance: 0x01, drained: 0x08 };
/** CHK_ST_CONFIGURED and CHK_ST_ENABLED of its check-t.h. */
const check = { configured: 0x02, enabled: 0x04 };

/** Reads `show servers state` and `show stat`, in this order. */
export function parseState(text: string): BalancerState {
  const lines = text.split('\n');
  const stateAt = lines.findIndex((line) => line.startsWith('# be_id '));
  const statAt = lines.findIndex((line) => line.startsWith('# pxname,'));
  if (stateAt < 0 || statAt < 0)
    throw new TaskFailure(`HAProxy does not tell its servers' state: ${lines.find(Boolean) ?? 'no answer'}`);
  const admins = new Map(
    table(lines.slice(stateAt, statAt), ' ').map((row) => [`${row.be_name} ${row.srv_name}`, row]),
  );
  const stats = table(lines.slice(statAt), ',');
  const servers = new Map<string, BackendServer[]>();
  for (const row of stats) {
    const state = admins.get(`${row.pxname} ${row.svname}`);
    if (state === undefined) continue;
    const flags = Number(state.srv_admin_state);
    const list = servers.get(row.svname!) ?? [];
    servers.set(row.svname!, list);
    list.push({
      backend: row.pxname!,
      status: row.status!,
      weight: row.weight!,
      sessions: Number(row.scur),
      maintenance: (flags & admin.maintenance) !== 0,
      drained: (flags & admin.drained) !== 0,
      userWeight: Number(state.srv_uweight),
      initialWeight: Number(state.srv_iweight),
      healthChecks: enabled(state.srv_check_state),
      agentChecks: enabled(state.srv_agent_state),
    });
  }
  return {
    backends: stats.filter((row) => row.svname === 'BACKEND').map((row) => row.pxname!),
    servers,
  };
}

function enabled(flags: string | undefined): boolean | undefined {
  const bits = Number(flags ?? 0);
  return bits & check.configured ? (bits & check.enabled) !== 0 : undefined;
}

/** A table whose first line begins with "# " and names the columns; it ends at an empty line. */
function table(lines: readonly string[], separator: string): Record<string, string>[] {
  const [head = '', ...rest] = lines;
  const names = head.slice(2).split(separator);
  const end = rest.indexOf('');
  return (end < 0 ? rest : rest.slice(0, end)).map((line) =>
    Object.fromEntries(line.split(separator).map((value, index) => [names[index] ?? '', value])),
  );
}
