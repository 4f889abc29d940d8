import { TaskFailure } from '../errors.ts';
import type { Become } from '../host/become.ts';
import { becomePasswords, knownMethods, methodNamed } from '../host/become-settings.ts';
import type { Fleet, Identity, Way } from '../host/fleet.ts';
import type { LiveHost } from '../host/live-host.ts';
import type { Task } from '../playbook/contract.ts';
import { rememberSecret } from '../secrets.ts';
import { renderValue } from '../template/render.ts';
import type { Scope } from '../template/scope.ts';
import { isSet, isYes } from './conditions.ts';

/** On which host a task works, as whom and with which environment. */
export function hostFor(
  { fleet }: { readonly fleet: Fleet },
  task: Task,
  scope: Scope,
  hostName: string,
  check: boolean,
): { host: LiveHost; delegate?: string } {
  const given = task.delegateTo === undefined ? undefined : renderValue(task.delegateTo, scope);
  const delegate = typeof given === 'string' || typeof given === 'number' ? String(given) : undefined;
  const name = delegate ?? hostName;
  const plain = fleet.host(
    name,
    identityOf(task, scope, delegate),
    wayOf(fleet, task, scope, name, delegate),
  );
  const told = isSet(task.noLog, scope, true) ? plain.untold() : plain;
  const host = withEnvironment(told.inMode(check), task, scope);
  return { host, ...(delegate === undefined ? {} : { delegate }) };
}

/**
 * The identity that ansible_become variables ask for, or else the task's become: as in Ansible.
 * @param target the host that a task is delegated to, whose variables count then
 */
export function identityOf(task: Task, scope: Scope, target?: string): Identity {
  const variables = variablesOf(scope, target);
  const given = (value: unknown, variable: string): unknown =>
    variables.has(variable)
      ? variables.get(variable)
      : value === undefined
        ? undefined
        : renderValue(value, scope);
  if (!isYes(given(task.become.become, 'ansible_become'))) return 'login';
  const user = given(task.become.user, 'ansible_become_user');
  return {
    user: isNothing(user) ? 'root' : String(user),
    ...wayUp(given(task.become.method, 'ansible_become_method'), variables),
  };
}

/** How the user is become, where the task or its variables say it. */
function wayUp(method: unknown, variables: Pick<Scope, 'has' | 'get'>): Become {
  const named = isNothing(method) ? undefined : methodNamed(method);
  if (named === undefined && !isNothing(method))
    throw new TaskFailure(`become_method ${JSON.stringify(method)} is not supported`, knownMethods);
  const variable = usualPasswords.find((name) => variables.has(name));
  const password = variable === undefined ? undefined : variables.get(variable);
  if (!isNothing(password)) rememberSecret(String(password), { words: true });
  return { ...(named && { method: named }), ...(!isNothing(password) && { password: String(password) }) };
}

/** The older names count in the inventory only. */
const usualPasswords = becomePasswords.slice(0, 2);

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

/** How the host is reached where the task says otherwise than its inventory. */
export function wayOf(fleet: Fleet, task: Task, scope: Scope, name: string, target?: string): Way {
  const settings = fleet.settings(name);
  const variables = variablesOf(scope, target);
  const given = (names: readonly string[], value: unknown): unknown => {
    const named = names.find((each) => variables.has(each));
    return named !== undefined
      ? variables.get(named)
      : value === undefined
        ? undefined
        : renderValue(value, scope);
  };
  const connect = task.connect ?? {};
  const kind = given(['ansible_connection'], connect.connection);
  const connection = isNothing(kind) ? settings.connection : connectionNamed(kind);
  if (connection === 'local') return settings.connection === 'local' ? {} : { connection };
  const user = given(['ansible_user', 'ansible_ssh_user'], connect.user);
  const port = given(['ansible_port', 'ansible_ssh_port'], connect.port);
  return {
    ...(settings.connection === connection ? {} : { connection }),
    ...(user && String(user) !== settings.user ? { user: String(user) } : {}),
    ...(port && Number(port) !== settings.port ? { port: Number(port) } : {}),
  };
}

function connectionNamed(kind: unknown): 'local' | 'openssh' | 'ssh' {
  return kind === 'local' || kind === 'openssh' ? kind : 'ssh';
}

function variablesOf(scope: Scope, target?: string): Pick<Scope, 'has' | 'get'> {
  if (target === undefined) return scope;
  const all = scope.get('hostvars') as Record<string, Record<string, unknown>>;
  const variables = all[target] ?? {};
  return { has: (name) => name in variables, get: (name) => variables[name] };
}

function withEnvironment(host: LiveHost, task: Task, scope: Scope): LiveHost {
  if (task.environment.length === 0) return host;
  const environment: Record<string, string> = {};
  for (const part of task.environment)
    for (const [name, value] of Object.entries((renderValue(part, scope) ?? {}) as Record<string, unknown>))
      environment[name] = String(value);
  return host.withEnvironment(environment);
}
