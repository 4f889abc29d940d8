import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { $ } from 'zx';
import type { RunEvent } from '../../src/engine/events.ts';
import { hatch, keep, leaked, placesHere, placesOn, sealInto } from './canaries.ts';
import { type Lab, testFolder } from './support.ts';
import { watchProcesses } from './watched.ts';

/** Files that keep MySQL's passwords, by the variable that is looked up in them. */
const passwords: Readonly<Record<string, string>> = {
  site_database_password: 'mysql_app',
  replication_password: 'mysql_replication',
  replication_clone_password: 'mysql_clone',
  replication_guard_password: 'mysql_guard',
};
const others = ['key_passphrase', 'become_password'];
/** What a vault gives. The first two are in their files too, for runs without the vault. */
const vaulted = ['site_database_password', 'replication_password', ...others];

/** Who needs them, on the servers. */
const belongs = [
  /^site_database_password \/etc\/site\/credentials\/config\.json 600 root:root$/,
  /^site_database_password \/run\/credentials\/site\.service\/config\.json 4[04]0 root:root$/,
  /^replication_guard_password \/etc\/mysql\/foobar-guard\.cnf 600 root:root$/,
];
/** A replica logs in by itself after a restart: mysql.slave_master_info has the password as it is. */
const replicas =
  /^replication_password \/var\/lib\/mysql\/(mysql\.ibd|undo_\d+|#innodb_redo\/#ib_redo\d+(_tmp)?|#ib_16384_\d+\.dblwr) 640 mysql:mysql$/;

/** Tasks that have secrets to lose, of somebody whom sudo asks for a password; the last one fails. */
const playbook = `
- hosts: server1
  gather_facts: false
  become: true
  vars: { ansible_user: deputy, ansible_become_password: "{{ become_password }}" }
  tasks:
    - user: { name: keeper, generate_ssh_key: true, ssh_key_type: ed25519, ssh_key_passphrase: "{{ key_passphrase }}" }
    - copy: { dest: /root/kept, mode: '0600', content: "word={{ site_database_password }}\\n" }
    - copy: { dest: /root/kept, content: "other={{ site_database_password }}\\n", validate: 'grep -q nothing %s' }
      ignore_errors: true
    - debug: { var: replication_password }
    - { user: { name: keeper, state: absent, remove: true } }
    - { file: { path: /root/kept, state: absent } }
    - { name: Fail, shell: cat; exit 3, args: { stdin: "{{ replication_password }}" } }
`;

/**
 * Gives runs secrets that occur nowhere else, and watches all processes from the first of these runs on.
 * `runs` are the words for their command lines; what they say is to be `heard`; then `kept` are the tests that the
 * secrets are only where they belong.
 */
export function secretsOf(lab: Lab, servers: readonly string[]) {
  const canaries = hatch([...Object.keys(passwords), ...others, 'vault_password', 'planted']);
  const value = (name: string) => canaries.values[name] ?? '';
  const file = (name: string) => join(lab.state, 'passwords', passwords[name] ?? '');
  // With .yaml at its end it would pass for an inventory of the tests.
  const [play, vault, key] = ['secrets.yml', 'canaries.yml', 'canaries.password'].map((name) =>
    join(testFolder, name),
  ) as [string, string, string];
  const runs = ['-e', `@${vault}`, '--vault-password-file', key, '-vvv', '--diff'];
  let said = '';
  let processes: Awaited<ReturnType<typeof watchProcesses>> | undefined;
  const onServers = (script: string) => Promise.all(servers.map((server) => lab.exec(server, script)));

  beforeAll(async () => {
    processes = await watchProcesses(canaries);
    for (const name of Object.keys(passwords)) keep(file(name), value(name));
    keep(key, value('vault_password'));
    sealInto(vault, canaries, vaulted, value('vault_password'));
    writeFileSync(play, playbook);
    // MySQL writes down every statement that it is sent.
    await onServers(
      "mkdir -p /etc/mysql/mysql.conf.d && printf '[mysqld]\\ngeneral_log = ON\\n' >/etc/mysql/mysql.conf.d/log.cnf",
    );
  });
  afterAll(async () => {
    processes?.end();
    await onServers(
      "mysql -e 'SET GLOBAL general_log = OFF'; rm -f /root/planted /run/planted /etc/mysql/mysql.conf.d/log.cnf /var/lib/mysql/$(hostname).log",
    );
  });

  const fails = (output: string) =>
    test(`when tasks with them fail, told by ${output}`, async () => {
      const line = [process.execPath, 'dist/cli.js', 'provision', lab.inventory, '--playbook', play, ...runs];
      line.push('--output', output);
      const shell = $({ quiet: true, nothrow: true });
      const quoted = line.map((word) => `'${word}'`).join(' ');
      const ended = await (output === 'live' ? shell`script -qefc ${quoted} /dev/null` : shell`${line}`);
      const text = ended.stdout + ended.stderr;
      expect({ code: ended.exitCode, leaked: leaked(canaries, text) }).toEqual({ code: 1, leaked: [] });
      expect(text).toContain('Fail');
    });

  const kept = () => {
    describe('of somebody whom sudo asks for a password', () => {
      beforeAll(async () => {
        const { code, stderr } = await lab.exec(
          'server1',
          'useradd -m -G sudo -s /bin/sh deputy && cp -r /root/.ssh ~deputy/ && chown -R deputy: ~deputy/.ssh && chpasswd',
          `deputy:${value('become_password')}\n`,
        );
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      });
      afterAll(async () => void (await lab.exec('server1', 'userdel -rf deputy')));
      for (const output of ['json', 'plain', 'live']) fails(output);
    });

    test('in all that the runs have said', () => {
      expect(said.length).toBeGreaterThan(100_000);
      expect(leaked(canaries, said)).toEqual([]);
    });

    test('out of the arguments and the environment of every process', async () => {
      // What would be seen: it lives until it was.
      const lives = 'until [ -e /run/planted ]; do sleep 0.1; done; rm /run/planted';
      const planted = lab.exec(
        'server2',
        `read -r word; planted=$word sh -c '${lives}' "$word"`,
        `${value('planted')}\n`,
      );
      try {
        const seen = async () => Object.keys((await processes?.watched())?.sightings ?? {});
        await expect
          .poll(seen, { timeout: 120_000 })
          .toEqual(expect.arrayContaining(['planted in cmdline of sh', 'planted in environ of sh']));
      } finally {
        await lab.exec('server2', ': >/run/planted');
        await planted;
      }
      const watched = (await processes?.watched())!;
      console.log(`${watched.processes} processes watched, every ${watched.interval.toFixed(1)} ms`);
      const sightings = Object.keys(watched.sightings);
      expect(sightings.filter((what) => !what.startsWith('planted '))).toEqual([]);
    });

    test('on the hosts in the files of those who need them', async () => {
      const off = "mysql -e 'SET GLOBAL general_log = OFF' && test -s /var/lib/mysql/$(hostname).log";
      expect((await onServers(off)).map(({ code }) => code)).toEqual(servers.map(() => 0));
      const plant = 'read -r word; echo "$word" >/root/planted; echo "$word" | logger';
      await lab.exec('server3', plant, `${value('planted')}\n`);
      const began = performance.now();
      const places = await Promise.all(
        lab.hosts.map(async (host) => [host, await placesOn(lab, host, canaries)] as const),
      );
      console.log(`files and journals of the hosts searched in ${Math.round(performance.now() - began)} ms`);
      const strays = places.map(([host, found]) => [
        host,
        found.filter((place) => ![...belongs, replicas].some((pattern) => pattern.test(place))),
      ]);
      expect(Object.fromEntries(strays)).toEqual({
        ...Object.fromEntries(lab.hosts.map((host) => [host, []])),
        server3: ['planted /root/planted 644 root:root', 'planted journal'],
      });
      for (const [host, found] of places)
        for (const pattern of servers.includes(host) ? belongs : [])
          expect([host, found]).toEqual([host, expect.arrayContaining([expect.stringMatching(pattern)])]);
    });

    test('on the controller in files for their owner only', async () => {
      const files = [...Object.keys(passwords).map((name) => [name, file(name)]), ['vault_password', key]];
      const owned = files.map(([name, path]) => `${name} ${path} 600 root:root`);
      expect(await placesHere(canaries)).toEqual(owned.sort());
    });
  };

  return {
    runs,
    heard: ({ events, stderr }: { readonly events: readonly RunEvent[]; readonly stderr: string }) => {
      said += JSON.stringify(events) + stderr;
    },
    kept: () => describe('keeps its secrets', kept),
  };
}
