import type { LiveHost } from '../host/live-host.ts';
import { type Command, rawShell, sh } from '../host/sh.ts';

const file = '/var/lib/foobar/pending';

/**
 * Notes on the host which handlers are due before the change that notifies them is made, so that a run that is
 * killed between a change and its handler leaves the handler to the next run. Not awaited before the change:
 * the shell keeps their order.
 */
export function noteHandlers(host: LiveHost, handlers: readonly string[]): Promise<unknown> {
  return host.run(noting(handlers));
}

/** The command that notes them. */
export function noting(handlers: readonly string[]): Command {
  return sh`printf '%s\n' ${handlers} >>${file}`;
}

/** Takes off what has run. */
export function clearHandlers(host: LiveHost, handlers: readonly string[]): Promise<unknown> {
  const script = sh`f=${file}; printf '%s\n' ${handlers} | grep -vxFf - "$f" >"$f.new"`.text;
  return host.run(
    rawShell(`${script}\nif [ -s "$f.new" ]; then mv "$f.new" "$f"; else rm -f "$f" "$f.new"; fi`),
  );
}
