import { readFileSync } from 'node:fs';
import type { Problem } from '../errors.ts';
import { ProjectError } from '../errors.ts';
import type { Inventory, Layer } from '../inventory/contract.ts';
import { selectHosts } from '../inventory/patterns.ts';
import type { Module } from '../modules/contract.ts';
import { sortProblems } from '../problems.ts';
import { checkExpression, checkTemplate } from '../template/inspect.ts';
import { decryptedProjectFile } from '../vault/files.ts';
import { placeOf } from '../yaml/located.ts';
import { argumentProblems } from './check-arguments.ts';
import { delegateProblems, Notifications, parameterProblems, unknownModule } from './check-task.ts';
import type { Play, Playbook, Task } from './contract.ts';
import { expand } from './expand.ts';
import { namedFile } from './files.ts';
import { groupProblems } from './groups-used.ts';
import { JoiningGroups } from './joining.ts';
import { KnownNames } from './known.ts';
import { looseTemplates } from './loose-templates.ts';
import { moduleDefaultsProblems } from './module-defaults.ts';
import type { ModuleDefaults } from './scope.ts';
import { scopeOf, sourceOf } from './sources.ts';
import { layerTexts, type Text, taskTexts } from './texts.ts';
import { UndefinedFinder } from './undefined.ts';
import { unreadVariables } from './unread.ts';
import { isOpen } from './values.ts';

export interface ModuleRegistry {
  moduleNames(): readonly string[];
  loadModule(name: string): Promise<Module>;
}

export interface Project {
  /** Absent when it cannot be read: then nothing is said about hosts and groups. */
  readonly inventory: Inventory | undefined;
  readonly playbook: Playbook;
  readonly extraVars: Readonly<Record<string, unknown>>;
  readonly registry: ModuleRegistry;
  /** Some files could not be read: nothing is said about names that they may define. */
  readonly incomplete?: boolean;
}

/** Everything wrong with a loaded project that can be known without contacting a host, in the order of the files. */
export async function checkProject(project: Project): Promise<Problem[]> {
  const { playbook, registry } = project;
  const inventory = project.inventory ?? nobody;
  const problems: Problem[] = [...(inventory.warnings ?? []), ...(playbook.warnings ?? [])];
  const aboutHosts: Problem[] = project.inventory === undefined ? [] : problems;
  const uncertain: Problem[] = project.incomplete ? [] : problems;
  const expanded = expand(playbook);
  problems.push(...expanded.problems);
  const joining = new JoiningGroups(expanded.entries);
  const playHosts = new Map<Play, readonly string[]>();
  for (const play of playbook.plays) {
    const hosts = hostsOf(play, inventory, joining, aboutHosts);
    if (hosts !== undefined) playHosts.set(play, hosts);
  }
  const names = registry.moduleNames();
  const modules = new Map<string, Module>();
  for (const { task } of expanded.entries)
    if (names.includes(task.module) && !modules.has(task.module))
      modules.set(task.module, await registry.loadModule(task.module));

  const sound = new SoundTexts();
  const ownDelimiters = new Set<string>();
  const read = new Set<string>();
  const notedTexts = new Set<string>();
  const note = ({ text }: Text): void => {
    if (notedTexts.has(text)) return;
    notedTexts.add(text);
    for (const [word] of text.matchAll(/[A-Za-z_]\w*/g)) read.add(word);
  };
  const known = new KnownNames(inventory, expanded, project.extraVars, playHosts, playbook.file);
  const finder = new UndefinedFinder(known);
  const notifications = new Notifications(expanded);
  const layers = new Set<Layer>([...inventory.hosts.values()].flatMap((host) => host.layers));
  const moduleDefaults = new Set<ModuleDefaults>();
  const noted = new Set<readonly Layer[]>();
  for (const entry of expanded.entries) {
    const { play, task, certainty } = entry;
    for (const list of [play.layers, task.defaults, task.layers, task.params ?? []])
      if (!noted.has(list)) {
        noted.add(list);
        for (const layer of list) layers.add(layer);
      }
    for (const defaults of scopeOf(task)?.moduleDefaults ?? []) moduleDefaults.add(defaults);
    const module = modules.get(task.module);
    const own: Problem[] = [];
    const ofHosts: Problem[] = [];
    const ofNames: Problem[] = [];
    if (module !== undefined) own.push(...parameterProblems(task, module));
    else if (task.module !== 'meta' && task.include === undefined) own.push(unknownModule(task, names));
    const texts = taskTexts(task, module?.expressions ?? []);
    texts.forEach(note);
    const parsed = texts.filter((text) => sound.has(text, own));
    for (const text of texts) ofHosts.push(...groupProblems(text, inventory, joining));
    ofHosts.push(...delegateProblems(task, inventory, joining));
    ofNames.push(...notifications.problems(play, task), ...argumentProblems(play, task, known));
    const find = (text: Text): void => {
      if (certainty !== 'perhaps') ofNames.push(...finder.find(text, entry));
    };
    parsed.forEach(find);
    const template = checkFile(task, playbook, sound, find, own);
    if (template === undefined) ownDelimiters.add(namedFile(task, playbook.file)?.path ?? '');
    else {
      note(template);
      ofHosts.push(...groupProblems(template, inventory, joining));
    }
    const softened = (found: readonly Problem[]) =>
      certainty === 'sure' ? found : found.map((problem) => ({ ...problem, severity: 'warning' as const }));
    problems.push(...softened(own));
    aboutHosts.push(...softened(ofHosts));
    uncertain.push(...softened(ofNames));
  }
  for (const defaults of moduleDefaults) problems.push(...moduleDefaultsProblems(defaults, names));
  for (const layer of layers)
    for (const text of layerTexts(layer, { file: layer.origin, line: 1, column: 1 })) {
      note(text);
      sound.has(text, problems);
      aboutHosts.push(...groupProblems(text, inventory, joining));
    }
  for (const text of looseTemplates(playbook, expanded)) {
    note(text);
    if (text.text.startsWith('#jinja2:') || ownDelimiters.has(text.place.file)) continue;
    const found: Problem[] = project.inventory ? groupProblems(text, inventory, joining) : [];
    sound.has(text, found);
    // Nobody may ever render it; where a task names it, the same is said as an error.
    problems.push(...found.map((problem) => ({ ...problem, severity: 'warning' as const })));
  }
  uncertain.push(...unreadVariables(inventory, expanded, project.extraVars, read));
  return sortProblems(problems);
}

const nobody: Inventory = {
  file: '',
  directory: '',
  hosts: new Map(),
  groups: new Map(),
  stateDirectory: '',
};

/** Texts in which nothing is wrong; many tasks have the same. */
class SoundTexts {
  readonly #known = new Set<string>();

  /** Notes what the template room finds; what cannot be parsed has no variables to look for. */
  has({ text, place, kind }: Text, problems: Problem[]): boolean {
    const key = `${kind} ${text}`;
    if (this.#known.has(key)) return true;
    const found = (kind === 'template' ? checkTemplate : checkExpression)(text, place);
    if (found.length === 0) this.#known.add(key);
    problems.push(...found);
    return !found.some((problem) => problem.severity === 'error');
  }
}

function hostsOf(
  play: Play,
  inventory: Inventory,
  joining: JoiningGroups,
  problems: Problem[],
): string[] | undefined {
  if (isOpen(play.hosts) || joining.touches(play.hosts)) return undefined;
  try {
    return selectHosts(play.hosts, inventory, placeOf(sourceOf(play), 'hosts') ?? play.place);
  } catch (error) {
    if (!(error instanceof ProjectError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}

/**
 * A file of the controller that the task names: it exists, and a template in it parses and finds its variables.
 * Gives the template's text.
 */
function checkFile(
  task: Task,
  playbook: Playbook,
  sound: SoundTexts,
  find: (text: Text) => void,
  problems: Problem[],
): Text | undefined {
  const named = namedFile(task, playbook.file);
  if (named?.problem !== undefined) problems.push(named.problem);
  if (named?.path === undefined || task.module !== 'template') return undefined;
  let content: Buffer;
  try {
    content = decryptedProjectFile(readFileSync(named.path), named.path);
  } catch (error) {
    if (!(error instanceof ProjectError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
  const text: Text = {
    text: content.toString(),
    place: { file: named.path, line: 1, column: 1 },
    kind: 'template',
  };
  if (hasOwnDelimiters(task, text.text) || !sound.has(text, problems)) return undefined;
  find(text);
  return text;
}

/** Templates may choose other braces; what they hold is then read at run time only. */
function hasOwnDelimiters(task: Task, text: string): boolean {
  const words = ['variable_start_string', 'block_start_string', 'comment_start_string'];
  return text.startsWith('#jinja2:') || words.some((word) => word in task.args);
}
