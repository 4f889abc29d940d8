import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { play, scratch } from './play.ts';

afterEach(() => vi.unstubAllEnvs());
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Tells what is asked, by each task. */
async function played(tasks: string, home = join(scratch, 'home')) {
  mkdirSync(home, { recursive: true });
  vi.stubEnv('HOME', home);
  vi.stubEnv('FOOBAR_PLACE', 'place');
  const { hosts, events } = await play(`
- hosts: one
  gather_facts: false
  tasks: ${tasks.replaceAll('\n', '\n    ')}`);
  const failures = events.flatMap((event) =>
    event.event === 'task' && event.status === 'failed' ? [event.message ?? ''] : [],
  );
  return { home, hosts, failures };
}

describe('paths of the host', () => {
  it('begin with ~ or a variable of the host, whichever module takes them', async () => {
    const { home, hosts } = await played(`
- copy: {content: one, dest: ~/.my.cnf}
  register: it
- assert: {that: it.dest is match('/')}
- lineinfile: {path: $HOME/.my.cnf, line: two}
- file: {path: '\${HOME}/$FOOBAR_PLACE', state: directory}
- find: {paths: [~/place, $HOME]}
  register: it
- assert: {that: it.examined > 1}
- file: {src: ~/.my.cnf, dest: ~/place/link, state: link}
- command: {cmd: 'false', creates: ~/place/link}
- copy: {src: ~/place/, dest: ~/other/, remote_src: true}
`);
    expect(hosts.one).toMatchObject({ failed: 0, ok: 4, changed: 5 });
    expect(readFileSync(join(home, 'place/link'), 'utf8')).toBe('one\ntwo\n');
    expect(readFileSync(join(home, 'other/link'), 'utf8')).toBe('one\ntwo\n');
  });

  it('are those of the environment that the task gives', async () => {
    const { hosts } = await played(`
- stat: {path: ~/$MADE_UP}
  environment: {HOME: '{{ mine }}', MADE_UP: ''}
  register: it
- assert: {that: it.stat.path == mine ~ '/'}
`);
    expect(hosts.one).toMatchObject({ failed: 0, ok: 2 });
  });

  it('may name whose home is meant', async () => {
    const { hosts } = await played(`
- stat: {path: ~root/x}
  register: it
- stat: {path: ~root}
  register: that
- assert: {that: [not it.stat.exists, that.stat.path == '/root']}
`);
    expect(hosts.one).toMatchObject({ failed: 0, ok: 3 });
  });

  it('leave a variable that is not set, and fail where they are not absolute', async () => {
    const { failures } = await played(`
- stat: {path: /tmp/$FOOBAR_UNKNOWN}
  register: it
- assert: {that: not it.stat.exists}
- stat: {path: $FOOBAR_UNKNOWN/x}
`);
    expect(failures).toEqual(['path: expected an absolute path on the host, not "$FOOBAR_UNKNOWN/x"']);
  });
});
