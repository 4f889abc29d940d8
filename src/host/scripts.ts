import { createHash, randomBytes } from 'node:crypto';
import type { FileContent, RunOptions, WriteOptions } from './contract.ts';
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

function filled(content: FileContent): string {
  return typeof content === 'string' || Buffer.isBuffer(content)
    ? feed(content)
    : sh`cat -- ${content.copyOf}`.text;
}

/**
 * The shell that replaces a file: new file beside it, attributes, validation, sync, rename. Few processes: what the
 * shell can do by itself it does.
 */
export function replaceFile(path: string, content: FileContent, options: WriteOptions): Command {
  const { owner, group, mode, validate, backup, parents = false, afresh = false } = options;
  const full = path.includes('/') ? path : `./${path}`;
  const beside = `.foobar.${createHash('sha256').update(full).digest('hex').slice(0, 10)}`;
  const lines = [
    sh`set -e; p=${full}`.text,
    ...(afresh ? [] : ['[ ! -L "$p" ] || p=$(readlink -f -- "$p")']),
    ...(parents ? ['[ -d "${p%/*}/" ] || mkdir -p -- "${p%/*}/"'] : []),
    ...(backup === undefined ? [] : [sh`[ ! -e "$p" ] || cp -p -- "$p" ${backup}`.text]),
    // What a host that lost its power in the middle has left of the same file.
    sh`for t in "\${p%/*}/"${beside}*; do [ ! -e "$t" ] || rm -f -- "$t" || :; done`.text,
    sh`t="\${p%/*}/"${`${beside}${randomBytes(5).toString('hex')}`}; trap 'rm -f -- "$t"' EXIT`.text,
    // With noclobber it is made, never opened.
    `umask 077; set -C; ${filled(content)} >"$t"; set +C; umask 022`,
  ];
  if (!afresh) lines.push(`if [ -e "$p" ]; then ${keepOwner}; fi`);
  if (owner !== undefined || group !== undefined) lines.push(giveTo(owner, group, '"$t"'));
  const bits = mode === undefined ? '644' : mode.toString(8);
  lines.push(
    afresh || mode !== undefined
      ? `chmod ${bits} -- "$t"`
      : `if [ -e "$p" ]; then chmod --reference="$p" -- "$t"; else chmod ${bits} -- "$t"; fi`,
  );
  if (validate !== undefined) lines.push(validate.replaceAll('%s', '"$t"'));
  lines.push('sync -- "$t"; mv -fT -- "$t" "$p"; trap - EXIT');
  return rawShell(lines.join('\n'));
}
/** A file that we made needs no chown to be ours, unless its directory gave it another group. */
const keepOwner = '{ [ -O "$p" ] && [ -G "$p" ] && [ -G "$t" ]; } || chown --reference="$p" -- "$t"';

/**
 * Shell that gives a path to an owner and a group; a process only where it is not root's already: the kernel gives
 * /proc to root.
 * @param path a word of the shell
 */
export function giveTo(owner: string | undefined, group: string | undefined, path: string): string {
  const isRoot = (name: string | undefined) => name === undefined || name === 'root' || name === '0';
  const names = `${owner ?? ''}${group === undefined ? '' : `:${group}`}`;
  const give = `chown -- ${quote(names)} ${path}`;
  if (!isRoot(owner) || !isRoot(group)) return give;
  const tests = [
    ...(owner === undefined ? [] : [`[ -O ${path} ] && [ -O /proc ]`]),
    ...(group === undefined ? [] : [`[ -G ${path} ] && [ -G /proc ]`]),
  ];
  return `{ ${tests.join(' && ')}; } || ${give}`;
}

/** A line on stderr between what is shown of a detached script while it runs and its own errors. */
const mark = '\x1e';

/** The own errors of a detached script. */
export function errorsOf(stderr: string): string {
  const at = stderr.indexOf(`\n${mark}\n`);
  return at < 0 ? stderr : stderr.slice(at + mark.length + 2);
}

/** Whether a line of its stderr is there to be shown. */
export const isShown = (line: string): boolean => line !== mark;

/**
 * Runs a script detached from the connection and follows it. A lock held by the job tells whether it still runs;
 * whoever asks for the same name then waits for it instead of starting it twice. Its output comes on stderr too, as
 * it is made; see `errorsOf`.
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
    // By its name: whoever comes second may come before it is there.
    'tail -n +1 -s 0.1 -F "$d/out" >&2 2>/dev/null 7>&- & t=$!',
    'flock "$d/lock" true',
    'kill "$t"; wait "$t" 2>/dev/null',
    `printf '\\n${mark}\\n' >&2`,
    'code=$(cat "$d/code" 2>/dev/null) || { echo "the job was ended before it was done" >&2; exit 137; }',
    'cat "$d/out"; cat "$d/err" >&2; if flock -n -x 7; then rm -rf "$d"; fi; exit "$code"',
  ].join('\n');
}
