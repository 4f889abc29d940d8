import { describe, expect, test } from 'vitest';
import { parseState } from '../../src/host/queries/haproxy.ts';
import type { StateModule } from '../../src/modules/contract.ts';
import haproxy from '../../src/modules/haproxy.ts';

/** What HAProxy 3.0 says, with server2 drained, server3 in maintenance, and its later columns left out. */
const said = `1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state
3 web_https 1 server1 198.18.0.11 2 0 1 2 513 15 3 3 6 0
3 web_https 2 server2 198.18.0.12 2 8 1 1 512 15 3 3 6 0
3 web_https 3 server3 198.18.0.13 0 1 1 1 512 15 3 3 2 0
5 web_http 1 server1 198.18.0.11 2 0 1 1 715 15 3 3 6 0

# pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,wretr,wredis,status,weight,act
https,FRONTEND,,,0,1,9968,53,29276,125078,0,0,0,,,,,OPEN,,
web_https,server1,0,0,4,1,,18,10134,43283,,0,,0,0,0,0,UP,1,1
web_https,server2,0,0,2,1,,17,9571,40877,,0,,0,0,0,0,DRAIN,1,1
web_https,server3,0,0,0,1,,18,9571,40918,,0,,0,0,0,0,MAINT,1,1
web_https,BACKEND,0,0,0,1,997,53,29276,125078,0,0,,0,0,0,0,UP,3,3
web_http,server1,0,0,0,1,,2,218,312,,0,,0,0,0,0,DOWN,1,1
web_http,BACKEND,0,0,0,3,997,4,654,936,0,0,,0,0,0,0,UP,3,3

`;

test('backends and servers are read as HAProxy tells them', () => {
  const { backends, servers } = parseState(said);
  expect(backends).toEqual(['web_https', 'web_http']);
  expect([...servers.keys()]).toEqual(['server1', 'server2', 'server3']);
  expect(servers.get('server3')).toEqual([
    {
      backend: 'web_https',
      status: 'MAINT',
      weight: '1',
      sessions: 0,
      maintenance: true,
      drained: false,
      userWeight: 1,
      initialWeight: 1,
      healthChecks: false,
      agentChecks: undefined,
    },
  ]);
});

test('an answer that is none is said', () => {
  expect(() => parseState('Permission denied\n')).toThrow(
    "HAProxy does not tell its servers' state: Permission denied",
  );
});

const module = haproxy as StateModule<Record<string, unknown>, ReturnType<typeof parseState>>;

function differences(args: Record<string, unknown>): string[] {
  const want = module.params.parse({ backend: 'web_https', ...args });
  return module
    .diff(want, parseState(said))
    .map(({ what, from, to, uncounted }) => `${what}: ${from} -> ${to}${uncounted ? ', uncounted' : ''}`);
}

describe('what differs', () => {
  test.each<[Record<string, unknown>, string[]]>([
    [{ host: 'server1', state: 'enabled' }, []],
    [{ host: 'server1', state: 'drain' }, ['state of web_https/server1: enabled -> drain']],
    [{ host: 'server1', state: 'disabled' }, ['state of web_https/server1: enabled -> disabled']],
    [{ host: 'server2', state: 'drain' }, []],
    [{ host: 'server2', state: 'drain', wait: true }, []],
    [
      { host: 'server2', state: 'drain', wait: true, drain: true },
      ['status of web_https/server2: DRAIN -> DRAIN, uncounted'],
    ],
    [{ host: 'server2', state: 'disabled', drain: true }, ['state of web_https/server2: drain -> disabled']],
    [{ host: 'server3', state: 'drain' }, ['state of web_https/server3: disabled -> drain']],
    [{ host: 'server3', state: 'disabled', health: true, agent: true }, []],
    [
      { host: 'server3', state: 'enabled', health: true, agent: true },
      [
        'state of web_https/server3: disabled -> enabled',
        'health checks of web_https/server3: false -> true',
      ],
    ],
    [{ host: 'server1', state: 'enabled', weight: '50%' }, []],
    [{ host: 'server1', state: 'enabled', weight: 256 }, ['weight of web_https/server1: 1 -> 256']],
    [
      { host: 'server1', state: 'drain', weight: 7, backend: 'web_http' },
      ['state of web_http/server1: enabled -> drain'],
    ],
    [
      { host: 'server1', state: 'enabled', wait: true, backend: 'web_http' },
      ['status of web_http/server1: DOWN -> UP, uncounted'],
    ],
    [
      { host: 'server1', state: 'drain', backend: undefined },
      ['state of web_https/server1: enabled -> drain', 'state of web_http/server1: enabled -> drain'],
    ],
    [{ host: 'server9', state: 'enabled' }, []],
  ])('%j', (args, expected) => {
    expect(differences(args)).toEqual(expected);
  });
});

test.each(['heavy', '-1', '1.5'])('the weight %s is refused', (weight) => {
  expect(module.params.safeParse({ host: 'server1', state: 'enabled', weight }).success).toBe(false);
});
