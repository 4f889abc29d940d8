import { readFileSync } from 'node:fs';
import type { Problem } from '../errors.ts';
import { ProjectError } from '../errors.ts';
import type { Inventory, Layer } from '../inventory/contract.ts';
import { selectHosts } from '../inventory/patterns.ts';
import type { Module } from '../modules/contract.ts';
import { didYouMean, sortProblems } from '../problems.ts';
import { checkExpression, checkTemplate } from '../template/inspect.ts';
import { decryptedProjectFile } from '../vault/files.ts';
import { copyPlace, derived, keyPlaceOf, placeOf } from '../yaml/located.ts';
import { schemaProblems } from '../yaml/schema.ts';
import type { Play, Playbook, Task } from './contract.ts';
import { namedFile } from './files.ts';
import { groupProblems } from './groups-used.ts';
import { keywordsOf } from './keywords.ts';
import { KnownNames } from './known.ts';
import { looseTemplates } from './loose-templates.ts';
import { sourceOf } from './sources.ts';
import { isTemplate, layerTexts, type Text, taskTexts } from './texts.ts';
import { UndefinedFinder } from './undefined.ts';
import { unreadVariables } from './unread.ts';

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
  const playHosts = new Map<Play, readonly string[]>();
  for (const play of playbook.plays) {
    const hosts = hostsOf(play, inventory, aboutHosts);
    if (hosts !== undefined) playHosts.set(play, hosts);
  }
  const names = registry.moduleNames();
  const modules = new Map<string, Module>();
  for (const { task } of tasksOf(playbook))
    if (names.includes(task.module) && !modules.has(task.module))
      modules.set(task.module, await registry.loadModule(task.module));

  const ownDelimiters = new Set<string>();
  const read = new Set<string>();
  const note = ({ text }: Text): void => {
    for (const [word] of text.matchAll(/[A-Za-z_]\w*/g)) read.add(word);
  };
  const known = new KnownNames(inventory, playbook, project.extraVars, playHosts);
  const finder = new UndefinedFinder(known, uncertain);
  const layers = new Set<Layer>([...inventory.hosts.values()].flatMap((host) => host.layers));
  for (const { play, task } of tasksOf(playbook)) {
    for (const layer of [...play.layers, ...task.defaults, ...task.layers]) layers.add(layer);
    const module = modules.get(task.module);
    if (module !== undefined) problems.push(...parameterProblems(task, module));
    else if (task.module !== 'meta' && task.include === undefined) problems.push(unknownModule(task, names));
    const texts = taskTexts(task, module?.expressions ?? []);
    texts.forEach(note);
    const sound = texts.filter((text) => isSound(text, problems));
    for (const text of texts) aboutHosts.push(...groupProblems(text, inventory));
    for (const text of sound) finder.find(text, play, task);
    aboutHosts.push(...delegateProblems(task, inventory));
    uncertain.push(...notifyProblems(play, task));
    const template = checkFile(play, task, playbook, finder, problems);
    if (template === undefined) ownDelimiters.add(namedFile(task, playbook.file)?.path ?? '');
    else {
      note(template);
      aboutHosts.push(...groupProblems(template, inventory));
    }
  }
  for (const layer of layers)
    for (const text of layerTexts(layer, { file: layer.origin, line: 1, column: 1 })) {
      note(text);
      isSound(text, problems);
      aboutHosts.push(...groupProblems(text, inventory));
    }
  for (const text of looseTemplates(playbook)) {
    note(text);
    if (text.text.startsWith('#jinja2:') || ownDelimiters.has(text.place.file)) continue;
    const found: Problem[] = project.inventory ? groupProblems(text, inventory) : [];
    isSound(text, found);
    // Nobody may ever render it; where a task names it, the same is said as an error.
    problems.push(...found.map((problem) => ({ ...problem, severity: 'warning' as const })));
  }
  uncertain.push(...unreadVariables(inventory, playbook, project.extraVars, read));
  return sortProblems(problems);
}

const nobody: Inventory = {
  file: '',
  directory: '',
  hosts: new Map(),
  groups: new Map(),
  stateDirectory: '',
};

function* tasksOf(playbook: Playbook): Generator<{ play: Play; task: Task }> {
  for (const play of playbook.plays)
    for (const task of [...play.tasks, ...play.handlers]) yield { play, task };
}

/** Notes what the template room finds; what cannot be parsed has no variables to look for. */
function isSound(text: Text, problems: Problem[]): boolean {
  const check = text.kind === 'template' ? checkTemplate : checkExpression;
  const found = check(text.text, text.place);
  problems.push(...found);
  return !found.some((problem) => problem.severity === 'error');
}

function hostsOf(play: Play, inventory: Inventory, problems: Problem[]): string[] | undefined {
  if (isTemplate(play.hosts)) return undefined;
  try {
    return selectHosts(play.hosts, inventory, placeOf(sourceOf(play), 'hosts') ?? play.place);
  } catch (error) {
    if (!(error instanceof ProjectError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}

function unknownModule(task: Task, names: readonly string[]): Problem {
  const key = Object.keys(sourceOf(task)).find(
    (word) => word === task.module || word.endsWith(`.${task.module}`),
  );
  const place = (key === undefined ? undefined : keyPlaceOf(sourceOf(task), key)) ?? task.place;
  const hint = didYouMean(task.module, names);
  return { message: `there is no module ${task.module}`, place, hint, severity: 'error' };
}

function parameterProblems(task: Task, module: Module): Problem[] {
  const place = placeOf(task.args) ?? task.place;
  let args = task.args;
  if ('_raw_params' in args && module.freeForm !== undefined) {
    const { _raw_params: raw, ...rest } = args;
    args = derived({ ...rest, [module.freeForm]: raw }, place);
    for (const key of Object.keys(rest)) copyPlace(task.args, key, args, key);
  }
  return schemaProblems(module.params, args, {
    what: task.module,
    place,
    isOpen: isTemplate,
    unknownKeyHint: (key) =>
      keywordsOf('task').includes(key) && key !== 'name'
        ? `${key} belongs to the task: indent it like ${task.module}`
        : undefined,
  });
}

function notifyProblems(play: Play, task: Task): Problem[] {
  if (task.notify.length === 0) return [];
  const handlers = play.handlers.flatMap((handler) => [
    handler.name,
    ...(handler.role === undefined ? [] : [`${handler.role.name} : ${handler.name}`]),
    ...handler.listen,
  ]);
  const node = sourceOf(task);
  return task.notify.flatMap((name, index): Problem[] => {
    if (isTemplate(name) || handlers.includes(name)) return [];
    return [
      {
        message: `no handler is named ${JSON.stringify(name)} or listens to it`,
        place: placeOf(node.notify, index) ?? placeOf(node, 'notify') ?? task.place,
        hint:
          didYouMean(name, handlers) ??
          (handlers.length > 0
            ? `this play has: ${[...new Set(handlers)].join(', ')}`
            : 'this play has no handlers'),
        severity: handlers.some(isTemplate) ? 'warning' : 'error',
      },
    ];
  });
}

function delegateProblems(task: Task, inventory: Inventory): Problem[] {
  const host = task.delegateTo;
  if (typeof host !== 'string' || isTemplate(host) || inventory.hosts.has(host)) return [];
  if (['localhost', '127.0.0.1', '::1'].includes(host)) return [];
  const hint = didYouMean(host, inventory.hosts.keys());
  const place = placeOf(sourceOf(task), 'delegate_to') ?? task.place;
  const message = `delegate_to names ${host}, which the inventory does not have`;
  return [{ message, place, hint, severity: hint === undefined ? 'warning' : 'error' }];
}

/**
 * A file of the controller that the task names: it exists, and a template in it parses and finds its variables.
 * Gives the template's text.
 */
function checkFile(
  play: Play,
  task: Task,
  playbook: Playbook,
  finder: UndefinedFinder,
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
  if (hasOwnDelimiters(task, text.text) || !isSound(text, problems)) return undefined;
  finder.find(text, play, task);
  return text;
}

/** Templates may choose other braces; what they hold is then read at run time only. */
function hasOwnDelimiters(task: Task, text: string): boolean {
  const words = ['variable_start_string', 'block_start_string', 'comment_start_string'];
  return text.startsWith('#jinja2:') || words.some((word) => word in task.args);
}
