import { TaskFailure } from '../errors.ts';
import type { LiveHost } from '../host/live-host.ts';
import { environmentVariables, ownHome } from '../host/queries/environment.ts';
import { users } from '../host/queries/users.ts';
import type { Module } from '../modules/contract.ts';
import { pathKindOf } from '../modules/shared/path-kinds.ts';
import { isDict } from '../template/python.ts';

const variable = /\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})/g;

/**
 * Writes out `~`, `~user` and `$NAME` in the paths of the host that a task was given, in place, as they are there for
 * whom the task works as: Ansible's type `path`. Undefined when there are none, so that nobody has to wait.
 * @returns what fails with a TaskFailure where a path is not absolute then
 */
export function expandPaths(module: Module, want: unknown, host: LiveHost): Promise<void> | undefined {
  if (!isDict(want)) return undefined;
  const waiting: Promise<void>[] = [];
  for (const [name, value] of Object.entries(want)) {
    const texts = Array.isArray(value) ? value : [value];
    if (!texts.some((each) => typeof each === 'string' && /^~|\$/.test(each))) continue;
    const kind = pathKindOf(module.params, name, want);
    if (kind === undefined) continue;
    const one = async (path: unknown): Promise<unknown> => {
      if (typeof path !== 'string') return path;
      const found = await expanded(path, host);
      if (kind.absolute && !found.startsWith('/') && found !== '')
        throw new TaskFailure(`${name}: expected an absolute path on the host, not "${found}"`);
      return found;
    };
    waiting.push(
      Promise.all(texts.map(one)).then((found) => {
        want[name] = Array.isArray(value) ? found : found[0];
      }),
    );
  }
  return waiting.length === 0 ? undefined : Promise.all(waiting).then(() => undefined);
}

async function expanded(path: string, host: LiveHost): Promise<string> {
  const names = [...path.matchAll(variable)].map(([, plain, braced]) => plain ?? (braced as string));
  const values = await Promise.all(names.map((name) => variableOf(name, host)));
  const plain = path.replaceAll(variable, (written) => values.shift() ?? written);
  const [, user] = /^~([^/]*)/.exec(plain) ?? [];
  if (user === undefined) return plain;
  const home = user === '' ? await variableOf('HOME', host) : (await host.ask(users, user))?.home;
  return home === undefined ? plain : home.replace(/\/+$/, '') + plain.slice(user.length + 1) || '/';
}

function variableOf(name: string, host: LiveHost): Promise<string | undefined> {
  const given = host.environment[name];
  if (given !== undefined) return Promise.resolve(given);
  return name === 'HOME' ? host.ask(ownHome, undefined) : host.ask(environmentVariables, name);
}
