import { expect, it } from 'vitest';
import type { Connection } from '../../src/host/connection.ts';
import { localConnection } from '../../src/host/local-connection.ts';
import { NoMoreSessions, severalLogins } from '../../src/host/sessions.ts';

it('closes a login too that was under way when its connection was closed', async () => {
  const closed: string[] = [];
  const login = (name: string, exec?: Connection['exec']): Connection => {
    const local = localConnection();
    return {
      ...local,
      exec: exec ?? local.exec,
      close: async () => {
        closed.push(name);
        await local.close();
      },
    };
  };
  let letIn: (connection: Connection) => void = () => undefined;
  const full = login('first', async () => {
    throw new NoMoreSessions('server1', 'unreachable', 'sshd starts no program');
  });
  const connection = severalLogins(
    full,
    () =>
      new Promise((resolve) => {
        letIn = resolve;
      }),
  );
  const program = connection.exec('true');
  await new Promise(setImmediate);
  await connection.close();
  letIn(login('second'));
  await program;
  expect(closed).toEqual(['first', 'second']);
});
