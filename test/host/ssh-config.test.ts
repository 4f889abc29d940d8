import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ProjectError } from '../../src/errors.ts';
import { type ConnectionSettings, connectionSettings } from '../../src/host/connection.ts';

const { username, homedir } = userInfo();

/** The machine of a user whose ~/.ssh has these files. */
function machine(files: Record<string, string>) {
  const home = mkdtempSync(join(tmpdir(), 'foobar-home-'));
  for (const [name, text] of Object.entries(files)) {
    const path = join(home, '.ssh', name);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, text, { mode: 0o600 });
  }
  return { home, user: username, configurations: [join(home, '.ssh', 'config')] };
}

function settings(files: Record<string, string>, variables: Record<string, unknown>, name = 'web1') {
  return connectionSettings(name, (variable) => variables[variable], machine(files));
}

/** What ssh(1) itself would do: `ssh -G`. */
function asked(config: string, host: string, given: readonly string[]): Record<string, string[]> {
  const out = execFileSync('ssh', ['-G', '-F', config, ...given, host], { encoding: 'utf8' });
  const values: Record<string, string[]> = {};
  for (const line of out.trim().split('\n')) {
    const [, key = '', value = ''] = /^(\S+) (.*)$/.exec(line) ?? [];
    values[key] = [...(values[key] ?? []), value];
  }
  return values;
}

const config = `
# comment
Match originalhost "web1,web2" user deploy
  Port 2201
Host web1 web2 !web2
  HostName %h.example.com
  User = admin
  IdentityFile ~/.ssh/id_%h_%r
Host web?
    Port 2202
    IdentityFile "/keys/with blank"
    ServerAliveInterval 30
    ServerAliveCountMax 4
Match host *.example.com user admin
  HostKeyAlias alias.example.com
  UserKnownHostsFile /known/a /known/%n
Match !host *.example.com localuser ${username}
  ConnectTimeout 7
Host *.jump
  ProxyJump admin@bastion:2222,inner
  Port 99
Host far.jump
  ProxyCommand nc %h %p
Host command
  ProxyCommand nc -X 5 -x 'proxy one:1080' %h %p # stays
  ProxyJump ignored
Host none.jump direct
  ProxyJump none
Host port22
  port=22
  hostname 10.0.0.9
  identitiesonly yes
Match final host 10.0.0.9
  User final
Host final
  HostName 10.0.0.9
  IdentityFile none
Match all
  IdentityFile /keys/last
  UserKnownHostsFile ~/.ssh/mine
`;

describe('ssh_config, as ssh -G reads it', () => {
  const file = join(machine({ config }).home, '.ssh', 'config');

  test.each([
    ['web1', ''],
    ['web2', ''],
    ['WEB3', ''],
    ['web1', '-l deploy'],
    ['web2', '-l deploy -p 7'],
    ['web1', '-i /etc/passwd'],
    ['other.example.com', '-l admin'],
    ['a.jump', ''],
    ['far.jump', ''],
    ['none.jump', ''],
    ['direct', ''],
    ['command', ''],
    ['port22', ''],
    ['final', ''],
    ['else', '-o User=x -o Port=5'],
    ['a.jump', '-J other'],
    ['a.jump', '-o ProxyCommand=none'],
  ])('%s %s', (host, given) => {
    const theirs = asked(file, host, given.split(' ').filter(Boolean));
    const ours = connectionSettings(
      host,
      (variable) => (variable === 'ansible_ssh_common_args' ? `-F ${file} ${given}` : undefined),
      { home: homedir, user: username, configurations: [] },
    );
    const one = (key: string) => theirs[key]?.[0];
    expect({
      address: ours.address.toLowerCase(),
      port: String(ours.port),
      user: ours.user,
      alias: ours.hostKeyAlias,
      jump: jumps(ours),
      command: ours.proxyCommand,
      only: ours.identitiesOnly,
      known: ours.knownHostsFiles.slice(0, -2),
    }).toEqual({
      address: one('hostname'),
      port: one('port'),
      user: one('user'),
      alias: one('hostkeyalias'),
      jump: one('proxyjump'),
      command: expanded(one('proxycommand'), ours),
      only: one('identitiesonly') === 'yes',
      known: one('userknownhostsfile')
        ?.split(' ')
        .map((path) => path.replace(/^~/, homedir).replace('%n', host)),
    });
    expect(ours.identityFiles).toEqual(
      theirs.identityfile
        ?.filter((path) => path !== 'none' && !/\/id_(?:rsa|dsa|ecdsa|ed25519|xmss)(?:_sk)?$/.test(path))
        .map((path) => path.replace(/^~/, homedir).replace('%h', ours.address).replace('%r', ours.user)),
    );
    const timeout = one('connecttimeout');
    if (timeout !== undefined && timeout !== 'none') expect(String(ours.connectTimeout)).toBe(timeout);
    const interval = Number(one('serveraliveinterval'));
    // A host is asked every 15 s at least: a lost connection is noticed within 30.
    expect(ours.patience?.ask ?? 0).toBe(Math.min(interval, 15));
    if (interval > 0) expect(ours.patience?.silence).toBe(interval * Number(one('serveralivecountmax')));
  });
});

function jumps({ jump }: ConnectionSettings): string | undefined {
  if (jump === undefined) return undefined;
  const user = jump.user === username ? '' : `${jump.user}@`;
  const port = jump.port === 22 ? '' : `:${jump.port}`;
  return [jumps(jump), `${user}${jump.address}${port}`].filter(Boolean).join(',');
}

function expanded(command: string | undefined, { address, port }: ConnectionSettings): string | undefined {
  return command?.replace('%h', address).replace('%p', String(port));
}

describe('ssh_config and the inventory', () => {
  test('the inventory counts first', () => {
    const files = {
      config: 'Host *\n User config\n Port 2\n IdentityFile /config\n ConnectTimeout 4\n HostName 10.1.1.1\n',
    };
    const variables = { ansible_user: 'deploy', ansible_ssh_private_key_file: '/mine', ansible_port: 3 };
    expect(settings(files, variables)).toMatchObject({
      address: '10.1.1.1',
      user: 'deploy',
      port: 3,
      identityFiles: ['/mine', '/config'],
      connectTimeout: 4,
    });
  });

  test('ansible_host is what the configuration is asked for', () => {
    const files = { config: 'Host web1\n User wrong\nHost 10.0.0.1\n User right\n' };
    expect(settings(files, { ansible_host: '10.0.0.1' })).toMatchObject({
      address: '10.0.0.1',
      user: 'right',
    });
  });

  test('files are included where they are named, and only for those hosts', () => {
    const files = {
      config: 'Include conf.d/*.conf\nHost other\n Include inside\nHost web1\n Include inside\n Port 4\n',
      'conf.d/b.conf': 'Host web1\n User b\n',
      'conf.d/a.conf': 'Host web2\n User a\n',
      'conf.d/.c.conf': 'User hidden\n',
      inside: 'HostKeyAlias inside\nHost web2\n Port 5\n',
    };
    expect(settings(files, {})).toMatchObject({ user: 'b', port: 4, hostKeyAlias: 'inside' });
    expect(settings(files, {}, 'web2')).toMatchObject({ user: 'a', port: 22 });
    expect(settings(files, {}, 'other')).toMatchObject({ hostKeyAlias: 'inside', port: 22 });
  });

  test('a jump host is looked up by itself, without what the inventory says of the target', () => {
    const files = { config: 'Host bastion\n HostName 192.0.2.1\n User gate\n IdentityFile /gate\n' };
    const variables = {
      ansible_user: 'deploy',
      ansible_port: 2222,
      ansible_ssh_common_args: '-J bastion -o UserKnownHostsFile=/target',
    };
    const { jump, knownHostsFiles } = settings(files, variables);
    expect(knownHostsFiles[0]).toBe('/target');
    expect(jump).toMatchObject({
      name: 'web1',
      address: '192.0.2.1',
      user: 'gate',
      port: 22,
      identityFiles: ['/gate'],
    });
    expect(jump?.knownHostsFiles[0]).toMatch(/\/\.ssh\/known_hosts$/);
  });

  test('weak checks of host keys in it are not followed', () => {
    const files = { config: 'StrictHostKeyChecking accept-new\n' };
    expect(settings(files, {}).acceptNew).toBeUndefined();
    const told = { ansible_ssh_common_args: '-o StrictHostKeyChecking=accept-new' };
    expect(settings(files, told).acceptNew).toBe(true);
  });

  test('-F none leaves it out, and so does a local connection', () => {
    const files = { config: 'User config\nProxyJump bastion\n' };
    expect(settings(files, { ansible_ssh_common_args: '-F none' })).toMatchObject({ user: username });
    expect(settings(files, { ansible_connection: 'local' }).jump).toBeUndefined();
  });

  test.each([
    ['Match exec "true"\n User x\n', /config:1: foobar does not follow "Match exec"/],
    ['Host *\n ProxyJump bastion\n', /ProxyJump goes in a circle: web1 through bastion through bastion/],
    ['Port many\n', /Port is "many"/],
    ['HostName %x\n', /%x in "%x" is not known/],
    ['IdentityFile ${NOT_SET_ANYWHERE}/key\n', /the environment has no NOT_SET_ANYWHERE/],
    ['Include config\n', /files include each other/],
  ])('refuses %j', (text, message) => {
    expect(() => settings({ config: text }, {})).toThrow(ProjectError);
    expect(() => settings({ config: text }, {})).toThrow(message);
  });

  test('what does not matter for the host is not looked at', () =>
    expect(settings({ config: 'Match host other exec "false"\n User x\n' }, {}).user).toBe(username));
});
