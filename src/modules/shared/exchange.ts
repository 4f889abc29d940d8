import type { HostReader } from '../../host/contract.ts';
import { sh } from '../../host/sh.ts';

export interface Exchange {
  /** TCP port on the host's loopback address. */
  readonly port: number;
  readonly request: string | Buffer;
  /** Begin with a PROXY protocol header, as the balancer in front does. */
  readonly proxyProtocol?: boolean;
}

/** One connection, then the bytes that come back until the server closes, at most 64 KiB in 5 s. */
const script = `exec 3<>"/dev/tcp/127.0.0.1/$0" && cat >&3 && timeout 5 head -c 65536 <&3 | base64 -w0`;

/** Sends bytes to a port of the host itself; undefined when nothing listens there. Needs bash there, as Debian has it. */
export async function exchange(
  host: HostReader,
  { port, request, proxyProtocol = false }: Exchange,
): Promise<Buffer | undefined> {
  // PROXY protocol specification, section 2.1: version 1, the human-readable one.
  const header = proxyProtocol ? `PROXY TCP4 127.0.0.1 127.0.0.1 1024 ${port}\r\n` : '';
  const { code, stdout } = await host.look(sh`bash -c ${script} ${port}`, {
    stdin: Buffer.concat([Buffer.from(header), Buffer.from(request)]),
    expect: 'any',
  });
  return code === 0 ? Buffer.from(stdout.trim(), 'base64') : undefined;
}

/** Status and body of an HTTP/1 answer; undefined for anything else. */
export function readHttp(answer: Buffer): { status: number; body: string } | undefined {
  const text = answer.toString('utf8');
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1];
  const end = text.indexOf('\r\n\r\n');
  return status === undefined || end < 0 ? undefined : { status: Number(status), body: text.slice(end + 4) };
}
