import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { ProjectError } from '../errors.ts';
import { type IniSections, readIni } from '../ini.ts';
import { shownPath } from '../problems.ts';
import { path, type Surroundings } from './values.ts';

/** Where Ansible's configuration file is found. */
export interface Found {
  readonly file?: string;
  /** A configuration file of the working directory that is left out, since anybody may write there. */
  readonly untrusted?: string;
}

/** The first file that is there: $ANSIBLE_CONFIG, ansible.cfg, ~/.ansible.cfg, /etc/ansible/ansible.cfg. */
export function findFile(around: Surroundings): Found {
  const { environment, workingDirectory, home } = around;
  const here = join(workingDirectory, 'ansible.cfg');
  const open = isOpenToAll(workingDirectory);
  const asked = environment.ANSIBLE_CONFIG ? named(environment.ANSIBLE_CONFIG, around) : undefined;
  const candidates = [
    ...(asked === undefined ? [] : [asked]),
    ...(open ? [] : [here]),
    join(home, '.ansible.cfg'),
    '/etc/ansible/ansible.cfg',
  ];
  const file = candidates.find(isReadable);
  return {
    ...(file !== undefined && { file }),
    ...(open && file !== asked && isReadable(here) && { untrusted: here }),
  };
}

/** A folder stands for the ansible.cfg in it. */
function named(text: string, around: Surroundings): string {
  const found = path(text, { ...around, directory: around.workingDirectory });
  return statSync(found, { throwIfNoEntry: false })?.isDirectory() ? join(found, 'ansible.cfg') : found;
}

function isOpenToAll(folder: string): boolean {
  return ((statSync(folder, { throwIfNoEntry: false })?.mode ?? 0) & 0o002) !== 0;
}

function isReadable(file: string): boolean {
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/** Its sections. @throws ProjectError with the place of the mistake */
export function readFile(file: string): IniSections {
  const kind = extname(file);
  if (kind !== '.cfg' && kind !== '.ini')
    throw new ProjectError([
      {
        message: `ANSIBLE_CONFIG: the name of ${shownPath(file)} ends neither in .cfg nor in .ini`,
        hint: 'Ansible takes no other configuration files',
        severity: 'error',
      },
    ]);
  const wrong = (line: number, message: string) =>
    new ProjectError([{ message, place: { file, line, column: 1 }, severity: 'error' }]);
  try {
    return readIni(readFileSync(file, 'utf8').replace(/^\uFEFF/, ''), { remarks: true, wrong });
  } catch (error) {
    if (error instanceof ProjectError) throw error;
    throw new ProjectError([
      { message: `cannot read ${shownPath(file)}: ${(error as Error).message}`, severity: 'error' },
    ]);
  }
}
