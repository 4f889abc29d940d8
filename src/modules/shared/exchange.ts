import type { HostReader } from '../../host/contract.ts';
import { rawShell } from '../../host/sh.ts';

export interface Exchange {
  /** TCP port on the host's loopback address. */
  readonly port: number;
  readonly request: string | Buffer;
  /** Begin with a PROXY protocol header, as the balancer in front does. */
  readonly proxyProtocol?: boolean;
}

/**
 * Sends bytes to a port of the host itself, and takes what comes back until the server closes, at most 64 KiB in 5 s;
 * undefined when nothing listens there. Needs bash there, as Debian has it.
 */
export async function exchange(
  host: HostReader,
  { port, request, proxyProtocol = false }: Exchange,
): Promise<Buffer | undefined> {
  // PROXY protocol specification, section 2.1: version 1, the human-readable one.
  const header = proxyProtocol ? `PROXY TCP4 127.0.0.1 127.0.0.1 1024 ${port}\r\n` : '';
  const bytes = Buffer.concat([Buffer.from(header), Buffer.from(request)]);
  // Over standard input, where nobody sees it.
  const script = rawShell(`bash <<'foobar'
exec 3<>/dev/tcp/127.0.0.1/${port} && printf '${escaped(bytes)}' >&3 && timeout 5 head -c 65536 <&3 | base64 -w0
foobar`);
  const { code, stdout } = await host.look(script, { expect: 'any' });
  return code === 0 ? Buffer.from(stdout.trim(), 'base64') : undefined;
}

/** A format of printf(1) for bytes: what is no plain letter by its octal number. */
function escaped(bytes: Buffer): string {
  return bytes
    .toString('latin1')
    .replace(/[^A-Za-z0-9 ./:-]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

/** Status and body of an HTTP/1 answer; undefined for anything else. */
export function readHttp(answer: Buffer): { status: number; body: string } | undefined {
  const text = answer.toString('utf8');
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1];
  const end = text.indexOf('\r\n\r\n');
  return status === undefined || end < 0 ? undefined : { status: Number(status), body: text.slice(end + 4) };
}
