import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { $ } from 'zx';
import type { Lab } from '../support.ts';
import { connections, fleet, folder, results, type Twins } from './twins.ts';

const source = resolve('test/differential');

/** A playbook and the twins that it runs on. */
export interface Project {
  readonly name: string;
  /** The same path on this machine, where foobar runs, and on the twin where Ansible runs. */
  readonly directory: string;
  readonly playbook: string;
  readonly twins: readonly Twins[];
  /** More words for both command lines: `# options: --tags a` in the playbook; {directory} stands for its folder. */
  readonly options: readonly string[];
  /** `# expect: failed`: hosts fail on purpose. */
  readonly fails: boolean;
}

/** The playbooks: one host's, or a fleet's. */
export function playbooks(): { name: string; fleet: boolean }[] {
  return readdirSync(source)
    .filter((name) => /^\d\d-.*\.yaml$/.test(name))
    .sort()
    .map((name) => ({
      name: name.replace(/\.yaml$/, ''),
      fleet: name.includes('-fleet-'),
    }));
}

/**
 * Copies the playbooks to both controllers. One host is called `one` whichever pair of twins it is.
 */
export async function openProject(lab: Lab, name: string, twins: readonly Twins[]): Promise<Project> {
  const directory = join(folder, 'differential', name);
  rmSync(directory, { recursive: true, force: true });
  cpSync(source, directory, { recursive: true, verbatimSymlinks: true });
  const vars = (side: 'ansible' | 'foobar') =>
    twins.map((pair, index) => ({
      file: join(directory, 'host_vars', fleet[index]!.name, 'connection.yaml'),
      text: `${JSON.stringify(connections(lab, pair, twins[0]!)[side])}\n`,
    }));
  const archive = await $({
    quiet: true,
    encoding: 'base64',
  } as object)`tar -C ${directory} -cf - . | base64`;
  const put = vars('ansible').map(
    ({ file, text }) => `mkdir -p ${join(file, '..')}; echo '${text.trim()}' > ${file}`,
  );
  await lab.exec(
    twins[0]!.ansible,
    [
      'set -e',
      `rm -rf ${directory}; mkdir -p ${directory}; base64 -d | tar -C ${directory} -xf -`,
      `chown -R root: ${directory}; chmod 755 ${directory}`,
      ...put,
    ].join('\n'),
    archive.stdout,
  );
  for (const { file, text } of vars('foobar')) {
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, text);
  }
  for (const { ansible, foobar } of twins)
    await Promise.all([ansible, foobar].map((host) => lab.ask(host, `rm -rf ${results}; mkdir ${results}`)));
  const playbook = join(directory, `${name}.yaml`);
  const text = readFileSync(playbook, 'utf8');
  const options = /^# options: (.*)$/m.exec(text)?.[1]?.replaceAll('{directory}', directory).split(' ') ?? [];
  return { name, directory, playbook, twins, options, fails: /^# expect: failed$/m.test(text) };
}
