import type { RunOptions, WriteOptions } from './contract.ts';
import { type Command, quote, rawShell, sh } from './sh.ts';

/** The shell text of a command with its options. */
export function compose(command: Command, options: RunOptions): string {
  let text = command.text;
  if (options.environment)
    text = `export ${Object.entries(options.environment)
      .map(([name, value]) => `${name}=${quote(value)}`)
      .join(' ')}\n${text}`;
  if (options.directory) text = `${sh`cd ${options.directory} || exit`.text}\n${text}`;
  if (options.user || options.timeout !== undefined) {
    const limit = options.timeout === undefined ? rawShell('') : sh`timeout ${options.timeout} `;
    const as = options.user ? sh`runuser -u ${options.user} -- ` : rawShell('');
    text = sh`${as}${limit}sh -c ${text}`.text;
  }
  return options.stdin === undefined ? text : `${feed(options.stdin)} | {\n${text}\n}`;
}

/** Shell that prints the content. `printf` is a builtin: nothing of it appears in any process's arguments. */
function feed(content: string | Buffer): string {
  const bytes = Buffer.isBuffer(content) ? content : Buffer.from(content);
  const text = bytes.toString('utf8');
  if (!text.includes('\0') && Buffer.from(text).equals(bytes)) return `printf %s ${quote(text)}`;
  return `printf %s ${quote(bytes.toString('base64'))} | base64 -d`;
}

/** Standard input becomes the new content of a file: new file beside it, attributes, validation, sync, rename. */
export function replaceFile(path: string, options: WriteOptions): Command {
  const lines = [
    sh`set -e; p=${path}; [ ! -L "$p" ] || p=$(readlink -f -- "$p")`.text,
    'd=$(dirname -- "$p"); t=$(mktemp -- "$d/.foobar.XXXXXXXX"); trap \'rm -f -- "$t"\' EXIT',
    'cat >"$t"',
    'if [ -e "$p" ]; then chown --reference="$p" -- "$t"; chmod --reference="$p" -- "$t"; else chmod 644 -- "$t"; fi',
  ];
  if (options.owner !== undefined || options.group !== undefined)
    lines.push(
      sh`chown ${`${options.owner ?? ''}${options.group === undefined ? '' : `:${options.group}`}`} -- "$t"`
        .text,
    );
  if (options.mode !== undefined) lines.push(sh`chmod ${options.mode.toString(8)} -- "$t"`.text);
  if (options.validate !== undefined) lines.push(options.validate.replaceAll('%s', '"$t"'));
  lines.push('sync -- "$t"', 'mv -fT -- "$t" "$p"', 'trap - EXIT');
  return rawShell(lines.join('\n'));
}

/**
 * Runs a script detached from the connection and follows it. A lock held by the job tells whether it still runs;
 * whoever asks for the same name then waits for it instead of starting it twice.
 */
export function detached(name: string, script: string, timeout: number | undefined): string {
  const limit = timeout === undefined ? '' : sh`timeout ${timeout} `.text;
  return [
    sh`d=/var/lib/foobar/jobs/${name}`.text,
    'mkdir -p -m 700 /var/lib/foobar /var/lib/foobar/jobs "$d" || exit',
    // Everyone who waits holds 7 shared; the last one to have read the result clears up.
    'exec 7>>"$d/waiting" 8>>"$d/lock"; flock -s 7',
    'if flock -n 8; then',
    'rm -f "$d/code"; : >"$d/out"; : >"$d/err"',
    `printf %s ${quote(script)} >"$d/script"`,
    `d="$d" setsid sh -c '${limit}sh "$d/script" >"$d/out" 2>"$d/err"; echo $? >"$d/code.new"; mv "$d/code.new" "$d/code"' 7>&- &`,
    'fi',
    'exec 8>&-',
    'tail -n +1 -s 0.1 -f "$d/out" >&2 7>&- & t=$!',
    'flock "$d/lock" true',
    'kill "$t"',
    'code=$(cat "$d/code" 2>/dev/null) || { echo "the job was ended before it was done" >&2; exit 137; }',
    'cat "$d/out"; cat "$d/err" >&2; if flock -n -x 7; then rm -rf "$d"; fi; exit "$code"',
  ].join('\n');
}
