import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** True once something answers with SSH's greeting; the time is in seconds. */
export async function sshAnswers(
  address: string,
  seconds: number,
  given: () => Promise<boolean>,
): Promise<boolean> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    if (await greets(address)) return true;
    if (Date.now() > deadline || !(await given())) return false;
    await sleep(100);
  }
}

function greets(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port: 22 });
    const end = (value: boolean) => {
      socket.destroy();
      resolve(value);
    };
    socket.setTimeout(1000, () => end(false));
    socket.once('data', (data: Buffer) => end(data.toString('latin1').startsWith('SSH-')));
    socket.once('error', () => end(false)).once('close', () => end(false));
  });
}
