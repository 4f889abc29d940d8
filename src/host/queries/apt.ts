import type { Query } from '../contract.ts';
import { rawShell, sh } from '../sh.ts';

export interface CandidateQuestion {
  readonly name: string;
  /** As for `apt-get -t`. */
  readonly release?: string | undefined;
}

/** The version that apt would install; undefined when it knows none. One `apt-cache policy` for each release. */
export const candidates: Query<CandidateQuestion, string | undefined> = {
  name: 'candidates',
  key: ({ name, release }) => `${release ?? ''} ${name}`,

  script(args) {
    const releases = [...new Set(args.map((arg) => arg.release))];
    const commands = releases.map((release) => {
      const names = args.filter((arg) => arg.release === release).map((arg) => arg.name);
      const option = release === undefined ? [] : ['-t', release];
      return sh`echo ${`release ${release ?? ''}`}; LC_ALL=C apt-cache ${option} policy -- ${names} || exit`
        .text;
    });
    return rawShell(commands.join('\n'));
  },

  parse(stdout, args) {
    const found = new Map<string, string>();
    let release = '';
    let name = '';
    for (const line of stdout.toString('utf8').split('\n')) {
      if (line.startsWith('release ')) release = line.slice('release '.length);
      else if (/^\S+:$/.test(line)) name = line.slice(0, -1);
      const version = /^ {2}Candidate: (\S+)$/.exec(line)?.[1];
      if (version && version !== '(none)') found.set(`${release} ${name}`, version);
    }
    return args.map((arg) => found.get(candidates.key(arg)));
  },
};

export interface PackageLists {
  /** When apt's lists were last updated; seconds since 1970, 0 for never. */
  readonly updated: number;
  /** When a source or preference was last changed. */
  readonly sourcesChanged: number;
  /** The host's clock. */
  readonly now: number;
}

/** The file that apt's own tools (and Ansible) touch after a successful update. */
export const updateStamp = '/var/lib/apt/periodic/update-success-stamp';

/** How old apt's lists are. */
export const packageLists: Query<void, PackageLists> = {
  name: 'packageLists',
  key: () => '',

  script: () => sh`date +%s
stat -c '%Y %n' ${updateStamp} /var/lib/apt/lists /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/sources.list.d/* /etc/apt/preferences.d/* 2>/dev/null
ls /var/lib/apt/lists | grep -c '_Packages'
:`,

  parse(stdout, args) {
    const lines = stdout.toString('utf8').trim().split('\n');
    const now = Number(lines.shift());
    const lists = Number(lines.pop());
    if (!Number.isInteger(now) || !Number.isInteger(lists)) throw new Error('unexpected answer about apt');
    let updated = 0;
    let sourcesChanged = 0;
    for (const line of lines) {
      const time = Number.parseInt(line, 10);
      if (line.includes(' /var/lib/apt/')) updated = Math.max(updated, time);
      else sourcesChanged = Math.max(sourcesChanged, time);
    }
    return args.map(() => ({ updated: lists === 0 ? 0 : updated, sourcesChanged, now }));
  },
};
