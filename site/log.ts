type Level = 'error' | 'warning' | 'info';

/** syslog priorities, which journald reads from the start of a line (sd-daemon(3)). */
const priority: Record<Level, number> = { error: 3, warning: 4, info: 6 };

/** One line of JSON to standard output. Under systemd it carries its priority. */
export function log(level: Level, event: string, details: Record<string, unknown> = {}): void {
  process.stdout.write(`${formatLine(level, event, details, process.env.JOURNAL_STREAM !== undefined)}\n`);
}

export function formatLine(
  level: Level,
  event: string,
  details: Record<string, unknown>,
  journal: boolean,
): string {
  const line = JSON.stringify({ level, event, ...details });
  return journal ? `<${priority[level]}>${line}` : line;
}

/** What a log line says of an error: its code and message, never its stack or SQL. */
export function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' ? `${code}: ${error.message}` : error.message;
}
