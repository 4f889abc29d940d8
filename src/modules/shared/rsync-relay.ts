import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { TaskFailure } from '../../errors.ts';
import type { HostReader, Output } from '../../host/contract.ts';
import { rawShell } from '../../host/sh.ts';

/**
 * What rsync starts in the place of ssh: it hands the command over and then carries bytes both ways. rsync's first
 * word is the name of the host.
 */
const helper = `import { connect } from 'node:net';
const socket = connect({ path: process.argv[2], allowHalfOpen: true });
socket.write(JSON.stringify(process.argv.slice(4).join(' ')) + '\\n');
process.stdin.pipe(socket);
socket.on('data', (bytes) => process.stdout.write(bytes) || (socket.pause(), process.stdout.once('drain', () => socket.resume())));
socket.on('end', () => process.stdout.write('', () => process.exit(0)));
socket.on('error', () => process.exit(255));
`;

/** The name that stands for the host in rsync's arguments. */
export const remote = 'host';

/**
 * Runs rsync here, over the connection to the host that the task has already: known host keys, keys and privileges
 * are those of the task. Throws a TaskFailure when rsync is missing here.
 */
export async function runRsync(host: HostReader, words: readonly string[]): Promise<Output> {
  const folder = await mkdtemp(join(tmpdir(), 'foobar-rsync-'));
  const said: string[] = [];
  const socket = join(folder, 'socket');
  const script = join(folder, 'connect.mjs');
  const server = createServer({ allowHalfOpen: true }, (connection) => {
    connection.on('error', () => connection.destroy());
    carry(connection, host, said).catch((error: Error) => {
      said.push(error.message);
      connection.destroy();
    });
  });
  try {
    await writeFile(script, helper);
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socket, resolve));
    const shell = [process.execPath, script, socket].map((word) => `'${word}'`).join(' ');
    const output = await runLocally('rsync', [`--rsh=${shell}`, ...words]);
    return { ...output, stderr: said.join('') + output.stderr };
  } finally {
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function carry(connection: Socket, host: HostReader, said: string[]): Promise<void> {
  const { line, rest } = await firstLine(connection);
  const channel = await host.stream(rawShell(JSON.parse(line) as string));
  channel.stderr.on('data', (bytes: Buffer) => said.push(bytes.toString('utf8')));
  channel.stdin.write(rest);
  // Either side may end first; the other then sees the end of its stream.
  pipeline(connection, channel.stdin).catch(() => connection.destroy());
  await pipeline(channel.stdout, connection).catch(() => channel.kill());
  await channel.closed;
}

function firstLine(connection: Socket): Promise<{ line: string; rest: Buffer }> {
  return new Promise((resolve, reject) => {
    let got = Buffer.alloc(0);
    const take = (bytes: Buffer) => {
      got = Buffer.concat([got, bytes]);
      const at = got.indexOf('\n');
      if (at < 0) return;
      connection.off('data', take);
      connection.pause();
      resolve({ line: got.toString('utf8', 0, at), rest: got.subarray(at + 1) });
    };
    connection
      .on('data', take)
      .once('end', () => reject(new Error('rsync ended before it said what to start')));
  });
}

function runLocally(program: string, words: readonly string[]): Promise<Output> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
    });
    const [out, err]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (bytes: Buffer) => out.push(bytes));
    child.stderr.on('data', (bytes: Buffer) => err.push(bytes));
    child.on('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'ENOENT'
          ? new TaskFailure(
              `${program} is not installed on this machine, which runs the play`,
              `install the package ${program} here`,
            )
          : error,
      ),
    );
    child.on('close', (code) =>
      resolve({
        code: code ?? 1,
        stdout: Buffer.concat(out).toString('utf8'),
        stderr: Buffer.concat(err).toString('utf8'),
      }),
    );
  });
}
