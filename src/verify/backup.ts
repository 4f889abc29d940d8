import { sh } from '../host/sh.ts';
import { type Finding, finding, type Site, text } from './contract.ts';

/** Seconds that a new site has for its first backup. */
const firstPatience = 3600;

/** What the server that makes the backups says of them. */
export interface BackupNews {
  readonly now: number;
  /** Since when its timer runs; 0 when it does not. */
  readonly running: number;
  /** When a whole backup and the logs were last in every place; 0: never. */
  readonly full: number;
  readonly logs: number;
}

/** A whole backup and the binary logs are in every place where they belong, and are not too old. */
export async function verifyBackup(site: Site): Promise<Finding[]> {
  const [first] = site.group('database');
  const host = first === undefined ? '' : text(site, first, 'backup_host');
  if (host === '' || !site.group('database').includes(host)) return [];
  return [
    await finding(site, 'backup', host, 'the newest backup is fresh and in every place', async () => {
      const { stdout } = await site.reader(host).look(sh`running=0; cd /var/lib/foobar-backup 2>/dev/null
systemctl is-active --quiet foobar-backup-logs.timer && running=$(systemctl show --value -p ActiveEnterTimestamp --timestamp=unix foobar-backup-logs.timer)
printf '%s %s %s %s\n' "$(date +%s)" "$running" "$(cat good-full 2>/dev/null || echo 0)" "$(cat good-logs 2>/dev/null || echo 0)"`);
      return judgeBackup(readNews(stdout), {
        full: Number(text(site, host, 'backup_max_age')),
        logs: Number(text(site, host, 'backup_logs_max_age')),
      });
    }),
  ];
}

export function readNews(stdout: string): BackupNews {
  const [now = 0, running = 0, full = 0, logs = 0] = stdout
    .trim()
    .split(' ')
    .map((word) => Number(word.replace('@', '')));
  return { now, running, full, logs };
}

/** @param most seconds that a whole backup and the logs may be old */
export function judgeBackup(
  { now, running, full, logs }: BackupNews,
  most: { readonly full: number; readonly logs: number },
): { kept: boolean; seen: string } {
  const age = (since: number) => `${Math.round((now - since) / 60)} min`;
  if (running === 0) return { kept: false, seen: 'its timer does not run' };
  if (full === 0)
    return {
      kept: now - running < firstPatience,
      seen: `there is none yet; the timer runs since ${age(running)}`,
    };
  return {
    kept: now - full <= most.full && now - logs <= most.logs,
    seen: `whole ${age(full)} ago, logs ${logs === 0 ? 'never' : `${age(logs)} ago`}`,
  };
}
