import { createInterface } from 'node:readline';
import { TaskFailure } from '../errors.ts';
import type { HostReader } from '../host/contract.ts';
import { mysqlClient } from '../host/queries/mysql.ts';
import { type Command, sh } from '../host/sh.ts';

const marker = 'foobar-answer-';

/** One session of a MySQL server, kept open: for what must be seen or done in one. */
export interface Session {
  /** Runs a statement. Every row that it gives must be one JSON document or one word. */
  run(sql: string): Promise<string[]>;
  close(): Promise<void>;
}

/**
 * Opens a session as root over the server's socket. It ends when this process or the connection does.
 * @param after shell that is run on the host when the session has ended, however it did
 */
export async function openSession(
  host: HostReader,
  socket: string,
  after: Command = sh`:`,
): Promise<Session> {
  const options = [
    ...mysqlClient,
    '--skip-column-names',
    '--batch',
    '--raw',
    '--unbuffered',
    `--socket=${socket}`,
  ];
  // Whoever started it may be gone when it ends: nothing behind it may depend on its streams.
  const channel = await host.stream(
    sh`trap '' HUP PIPE; mysql ${options}; code=$?; { ${after}; } >/dev/null 2>&1; exit $code`,
  );
  let complaint = '';
  channel.stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString('utf8')).slice(-2000);
  });
  channel.stdin.on('error', () => undefined);
  const lines: string[] = [];
  let heard = (): void => undefined;
  createInterface({ input: channel.stdout }).on('line', (line) => {
    lines.push(line);
    heard();
  });
  let ended = false;
  void channel.closed.then(() => {
    ended = true;
    heard();
  });
  let number = 0;
  return {
    async run(sql) {
      const end = `${marker}${++number}`;
      channel.stdin.write(`${sql};\nSELECT '${end}';\n`);
      for (;;) {
        const index = lines.indexOf(end);
        if (index >= 0) return lines.splice(0, index + 1).slice(0, -1);
        if (ended)
          throw new TaskFailure(
            `MySQL on ${host.name} refuses: ${complaint.trim() || 'the session was lost'}`,
          );
        await new Promise<void>((resolve) => {
          heard = resolve;
        });
      }
    },
    async close() {
      channel.stdin.end();
      await channel.closed;
    },
  };
}
