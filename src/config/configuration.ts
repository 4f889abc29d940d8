import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Place, type Problem, ProjectError } from '../errors.ts';
import type { IniSections } from '../ini.ts';
import { shownPath } from '../problems.ts';
import { findFile, readFile } from './file.ts';
import { followed, type Settings, type Sources } from './settings.ts';
import { unsupported } from './unsupported.ts';
import { type Around, InvalidValue, type Surroundings } from './values.ts';

/** What ansible.cfg and the environment say, as ansible-core 2.19 reads them. */
export interface Configuration extends Settings {
  /** Absolute path; absent when there is none. */
  readonly file?: string;
  /** Where roles are looked for besides the folders of the playbook and of the role that asks. */
  readonly rolesPath: readonly string[];
  readonly collectionsPath: readonly string[];
  /** Where a setting was said, when it was said in the file. */
  placeOf(name: keyof Settings): Place | undefined;
  /** Mistakes, and settings that are not obeyed. */
  readonly problems: readonly Problem[];
}

interface Said {
  /** As people know it: `forks`, `ANSIBLE_FORKS`. */
  readonly name: string;
  readonly text: string;
  readonly place?: Place;
}

/** Reads the configuration. What is wrong with it stands in its `problems`. */
export function readConfiguration(
  around: Surroundings = {
    workingDirectory: process.cwd(),
    home: homedir(),
    environment: process.env,
  },
): Configuration {
  const problems: Problem[] = [];
  const { file, untrusted } = findFile(around);
  if (untrusted !== undefined)
    problems.push({
      message: `${shownPath(untrusted)} is left out: anybody may write to its folder`,
      hint: `chmod o-w ${dirname(untrusted)}, or name the file with ANSIBLE_CONFIG`,
      severity: 'warning',
    });
  const sections = file === undefined ? new Map() : attempt(() => readFile(file), new Map(), problems);
  const within = (said: Said): Around => ({
    ...around,
    inFile: said.place !== undefined,
    directory: said.place === undefined ? around.workingDirectory : dirname(said.place.file),
  });
  const find = (sources: Sources) => sayingOf(sources, around.environment, sections, file);

  const settings: Record<string, unknown> = {};
  const places = new Map<string, Place>();
  for (const [name, setting] of Object.entries(followed)) {
    const said = find(setting);
    if (said === undefined) continue;
    if (said.place !== undefined) places.set(name, said.place);
    try {
      settings[name] = setting.read(said.text, within(said));
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error;
      problems.push(problem(said, `${said.name} is ${JSON.stringify(said.text)}`, 'error', error.message));
    }
  }
  for (const setting of unsupported) {
    const said = find(setting);
    if (said === undefined || !setting.asks(said.text, within(said))) continue;
    const message = `Ansible's ${said.name} = ${said.text} is not supported`;
    problems.push(problem(said, message, setting.severity, setting.hint));
  }
  const home = (settings.home as string | undefined) ?? join(around.home, '.ansible');
  return {
    collectionsPath: [join(home, 'collections'), '/usr/share/ansible/collections'],
    rolesPath: [join(home, 'roles'), '/usr/share/ansible/roles', '/etc/ansible/roles'],
    ...settings,
    ...(file !== undefined && { file }),
    placeOf: (name) => places.get(name),
    problems,
  };
}

/**
 * Of several variables or keys the last counts, and the environment before the file. An empty variable says what Ansible
 * does without any setting; an empty value of the file says nothing.
 */
function sayingOf(
  { keys, environment }: Sources,
  variables: NodeJS.ProcessEnv,
  sections: IniSections,
  file: string | undefined,
): Said | undefined {
  const name = environment.findLast((each) => variables[each] !== undefined);
  if (name !== undefined) return variables[name] ? { name, text: variables[name] } : undefined;
  for (const full of keys.toReversed()) {
    const [section = '', key = ''] = full.split('.');
    const found = sections.get(section)?.get(key);
    if (found?.text)
      return { name: key, text: found.text, place: { file: file as string, line: found.line, column: 1 } };
  }
  return undefined;
}

function problem(said: Said, message: string, severity: Problem['severity'], hint: string): Problem {
  return { message, hint, severity, ...(said.place !== undefined && { place: said.place }) };
}

function attempt<T>(read: () => T, otherwise: T, problems: Problem[]): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ProjectError)) throw error;
    problems.push(...error.problems);
    return otherwise;
  }
}
