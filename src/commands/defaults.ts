import type { Become, Connect, Include, Included, Play, Playbook, Task } from '../playbook/contract.ts';
import { copySource } from '../playbook/sources.ts';
import type { RunOptions } from './options.ts';

/** What the command line says of users: it counts where no play, block, role or task says it. */
export type Users = Pick<RunOptions, 'user' | 'become' | 'becomeUser' | 'becomeMethod'>;

/** The playbook with the users of the command line (`-u`, `-b`, `--become-user`) where it names none itself. */
export function withUsers(playbook: Playbook, users: Users): Playbook {
  if (!users.become && [users.user, users.becomeUser, users.becomeMethod].every((each) => each === undefined))
    return playbook;
  const words = (given: Play | Task) => keywords(given, users);
  return everywhere(playbook, words, words);
}

/** The playbook with changes to its plays, and to all of their tasks, also those that are included later. */
export function everywhere(
  playbook: Playbook,
  ofPlay: (play: Play) => Partial<Play>,
  ofTask: (task: Task) => Partial<Task>,
): Playbook {
  const task = (given: Task): Task =>
    copySource(given, {
      ...given,
      ...ofTask(given),
      ...(given.include && { include: includeWith(given.include, task) }),
    });
  const play = (given: Play): Play =>
    copySource(given, {
      ...given,
      ...ofPlay(given),
      tasks: given.tasks.map(task),
      handlers: given.handlers.map(task),
    });
  return { ...playbook, plays: playbook.plays.map(play) };
}

function keywords(
  { become, connect }: { readonly become: Become; readonly connect?: Connect },
  users: Users,
): { become: Become; connect?: Connect } {
  return {
    become: {
      ...(users.become && { become: true }),
      ...(users.becomeUser !== undefined && { user: users.becomeUser }),
      ...(users.becomeMethod !== undefined && { method: users.becomeMethod }),
      ...said(become),
    },
    ...((connect || users.user !== undefined) && {
      connect: { ...(users.user !== undefined && { user: users.user }), ...said(connect ?? {}) },
    }),
  };
}

function said<T extends object>(keywords: T): T {
  return Object.fromEntries(Object.entries(keywords).filter(([, value]) => value !== undefined)) as T;
}

/** What is included later gets them too. */
function includeWith(include: Include, task: (given: Task) => Task): Include {
  const known = new Map<Included, Included>();
  return {
    read: (args) => {
      const whole = include.read(args);
      const again = known.get(whole);
      if (again) return again;
      const result = { ...whole, tasks: whole.tasks.map(task), handlers: whole.handlers.map(task) };
      known.set(whole, result);
      return result;
    },
  };
}
