import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { HostRecap } from '../../src/engine/events.ts';
import { play, scratch } from './play.ts';

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const folder = fileURLToPath(new URL('plays/', import.meta.url));

/** What ansible-playbook made of a play; see plays/record.sh. */
interface Recorded {
  readonly told: Readonly<Record<string, readonly string[]>>;
  readonly recap: Readonly<Record<string, HostRecap>>;
  readonly statistics?: Readonly<Record<string, unknown>>;
}

const files = Object.fromEntries(
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.ya?ml$/.test(name) && dirname(name) !== '.')
    .map((name) => [relative('.', name), readFileSync(join(folder, name), 'utf8')]),
);
const names = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

describe('plays are carried out as ansible-playbook does', () => {
  it.each(names)('%s', async (name) => {
    const text = readFileSync(join(folder, name), 'utf8');
    const answers = join(folder, name.replace(/yaml$/, 'json'));
    expect(existsSync(answers)).toBe(true);
    const recorded = JSON.parse(readFileSync(answers, 'utf8')) as Recorded;
    const word = (key: string) => new RegExp(`^# ${key}: (.*)$`, 'm').exec(text)?.[1];
    const option = (key: string) => new RegExp(`${key} (\\S+)`).exec(word('options') ?? '')?.[1];
    const [extra, value] = option('-e')?.split('=') ?? [];
    const { told, hosts, statistics } = await play(text, {
      hosts: word('hosts')?.split(' ') ?? ['one', 'two'],
      files,
      tags: option('--tags')?.split(',') ?? [],
      skipTags: option('--skip-tags')?.split(',') ?? [],
      extraVars: extra === undefined ? {} : { [extra]: value },
    });
    const byHost: Record<string, string[]> = {};
    for (const line of told) {
      const [host = '', ...rest] = line.split(' ');
      byHost[host] ??= [];
      byHost[host].push(rest.join(' '));
    }
    expect(byHost).toEqual(recorded.told);
    expect(shortened(hosts)).toEqual(shortened(recorded.recap));
    const custom = statistics && { ...statistics.hosts, _run: statistics.run };
    expect(custom).toEqual(recorded.statistics);
  });
});

/** A host of which no task is counted is in Ansible's recap only if something of it was told; nothing is unknown there. */
function shortened(recap: Readonly<Record<string, HostRecap>>): Record<string, HostRecap> {
  return Object.fromEntries(
    Object.entries(recap)
      .filter(([, counts]) => Object.values(counts).some((count) => count > 0))
      .map(([host, counts]) => [host, { ...counts, unknown: counts.unknown ?? 0 }]),
  );
}
