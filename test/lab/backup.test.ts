import { describe, expect, it } from 'vitest';
import { sharedSite } from './shared.ts';
import { foobar, provisioned, untilWhole } from './support.ts';

const servers = ['server1', 'server2', 'server3'];
/** The one that makes the backups, and the one that takes copies, as the inventory has it. */
const source = 'server3';
const store = 'balancer1';

const sql = (host: string, statement: string) => lab.ask(host, `mysql -NB -e "${statement}"`);
const rows = (host: string) =>
  sql(host, 'SELECT COUNT(*) FROM site.restored; CHECKSUM TABLE site.restored EXTENDED');

interface Backups {
  readonly event: 'backups';
  readonly backups: readonly { readonly name: string; readonly places: readonly string[] }[];
  readonly ranges: readonly { readonly from: string; readonly to: string }[];
}

async function backups(action: 'list' | 'run'): Promise<Backups> {
  const { code, events, stderr } = await foobar('backup', action, lab.inventory);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return (events as unknown as Backups[]).find(({ event }) => event === 'backups')!;
}

const restore = (at: string, ...words: string[]) =>
  foobar('restore', lab.inventory, '--at', at, '--yes', ...words);

/** A second later than everything that was committed by now, by the clock of the primary. */
async function nextSecond(): Promise<string> {
  const second = await sql(
    'server1',
    "SELECT DATE_FORMAT(UTC_TIMESTAMP() + INTERVAL 1 SECOND, '%Y-%m-%dT%H:%i:%sZ'), SLEEP(2)",
  );
  return second.split('\t', 1)[0]!;
}

const lab = sharedSite({
  prepare: async () => {
    await sql(
      'server1',
      'DROP TABLE IF EXISTS site.restored; CREATE TABLE site.restored (id INT AUTO_INCREMENT PRIMARY KEY, text VARCHAR(100))',
    );
  },
});

/** Resolves once the server that makes the backups has what the primary has. */
async function caughtUp(): Promise<void> {
  const written = (await sql('server1', 'SELECT @@global.gtid_executed')).replaceAll(/\s|\\n/g, '');
  await sql(source, `SELECT WAIT_FOR_EXECUTED_GTID_SET('${written}')`);
}

/** Saves the binary logs as the timer does, and not in what that has begun before. Gives the exit code. */
async function saveLogs(): Promise<number> {
  const service = 'foobar-backup-logs';
  const script = `until systemctl is-active ${service} | grep -q inactive || systemctl is-failed -q ${service}; do sleep 0.1; done; systemctl start ${service}`;
  return (await lab.exec(source, script)).code;
}

describe('backups', () => {
  let there: string;
  let at: string;

  it('are made on a replica and kept where the servers are not', async () => {
    await sql('server1', "INSERT INTO site.restored (text) VALUES ('one'), ('two'), ('three')");
    await caughtUp();
    const { backups: found } = await backups('run');
    expect(found[0]?.places).toEqual([store, source]);
    const begins = await lab.ask(
      store,
      'for file in /var/lib/foobar-backup-store/backups/*.age; do head -n 1 "$file"; done | sort -u',
    );
    expect(begins).toBe('age-encryption.org/v1');
  });

  it('are restored and compared, by the server itself and with the key that is kept here', async () => {
    await lab.ask(source, 'systemctl start foobar-backup-test');
    expect(
      await lab.ask(source, 'journalctl --sync; journalctl -q -o cat -u foobar-backup-test -n 20'),
    ).toMatch(/can be restored: \d+ tables as they were/);
    const { code, stderr, events } = await foobar('backup', 'verify', lab.inventory);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { tables } = events.find(
      (event) => (event as { event: string }).event === 'verified',
    ) as unknown as {
      tables: { table: string; rows: string }[];
    };
    expect(tables.find(({ table }) => table === 'site.restored')?.rows).toBe('3');
  });

  it('cannot be taken away or replaced by who sends them', async () => {
    const ssh = (words: string) =>
      lab.exec(
        source,
        `ssh -i /etc/foobar-backup/ssh_key -o UserKnownHostsFile=/etc/foobar-backup/known_hosts foobar-backup@${lab.address(store)} ${words} </dev/null`,
      );
    expect(await ssh('rm -rf backups')).toMatchObject({ code: 1, stdout: '' });
    expect(await ssh('get ../../../etc/shadow')).toMatchObject({ code: 1, stdout: '' });
    expect((await ssh('names')).stdout).toMatch(/^full-/m);
  });

  it('do not count as saved while nothing new reaches the server that makes them', async () => {
    await sql(source, 'STOP REPLICA');
    const code = await saveLogs().finally(() => sql(source, 'START REPLICA'));
    expect(code).toBe(1);
    const log = 'journalctl --sync; journalctl -q -o cat -u foobar-backup-logs -n 20';
    expect(await lab.ask(source, log)).toContain('its replication does not run: receiver OFF, applier OFF');
  });

  it('reach every second since', async () => {
    await sql(
      'server1',
      "INSERT INTO site.restored (text) VALUES ('four'); UPDATE site.restored SET text = 'ONE' WHERE id = 1",
    );
    at = await nextSecond();
    there = await rows('server1');
    await sql(
      'server1',
      "DELETE FROM site.restored WHERE id = 2; INSERT INTO site.restored (text) VALUES ('late')",
    );
    expect(await rows('server1')).not.toBe(there);
    await caughtUp();
    expect(await saveLogs()).toBe(0);
    const { ranges } = await backups('list');
    expect(Date.parse(ranges.at(-1)!.to)).toBeGreaterThan(Date.parse(at));
  });

  it('do not cover living data, nor times that they do not reach', async () => {
    const living = await restore(at);
    expect(living.code).toBe(1);
    expect(living.stderr).toContain(
      'there is living data: server1 holds the data of this site, and takes writes',
    );
    const early = await restore('2020-01-01T00:00:00Z');
    expect(early.code).toBe(1);
    expect(early.stderr).toContain('the backups do not reach');
    expect(await rows('server1')).not.toBe(there);
  });

  it('bring back every row of a chosen second when all database servers are lost', async () => {
    for (const host of servers) await lab.destroy(host);
    for (const host of servers) await lab.start(host);
    const began = performance.now();
    const { code, stderr } = await restore(at);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    console.log(`restored in ${((performance.now() - began) / 1000).toFixed(0)} s`);
    for (const host of servers)
      await expect.poll(() => rows(host).catch(String), { timeout: 120_000 }).toBe(there);
    await sql('server1', "INSERT INTO site.restored (text) VALUES ('new')");
  });

  it('go on behind it as a history of their own', async () => {
    await provisioned(lab);
    const { ranges } = await backups('run');
    expect(ranges.length).toBeGreaterThan(1);
    await untilWhole(lab);
  });
});
