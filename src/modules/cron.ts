import { posix } from 'node:path';
import { z } from 'zod';
import { NotYet, TaskFailure } from '../errors.ts';
import type { HostReader } from '../host/contract.ts';
import { contents } from '../host/queries/contents.ts';
import { type Command, sh } from '../host/sh.ts';
import { state } from './contract.ts';
import { contentChange } from './shared/content.ts';
import { type Crontab, editCrontab } from './shared/crontab.ts';
import { ansibleBoolean, text, withAliases } from './shared/params.ts';
import { rememberedFor, rememberFor } from './shared/remember.ts';

const time = (what: string) => text.default('*').describe(what);

const params = withAliases(
  z
    .strictObject({
      name: text.describe('Name of the job, kept in a comment above it; with env the name of the variable.'),
      job: text
        .optional()
        .describe('The command to run; with env the value of the variable.')
        .meta({ aliases: ['value'] }),
      state: z.enum(['absent', 'present']).default('present').describe('Whether it is to be there.'),
      minute: time('Minutes to run at: 0-59, *, */2 and so on.'),
      hour: time('Hours to run at: 0-23, *, */2 and so on.'),
      day: time('Days of the month to run on: 1-31, *, */2 and so on.').meta({ aliases: ['dom'] }),
      month: time('Months to run in: 1-12, JAN-DEC, *, */2 and so on.'),
      weekday: time('Days of the week to run on: 0-6 for Sunday-Saturday, *, and so on.').meta({
        aliases: ['dow'],
      }),
      special_time: z
        .enum(['annually', 'daily', 'hourly', 'monthly', 'reboot', 'weekly', 'yearly'])
        .optional()
        .describe('A time with a name, in place of the others.'),
      disabled: ansibleBoolean.default(false).describe('Keep the job as a comment, so that it does not run.'),
      user: text
        .optional()
        .describe(
          'Whose crontab it is, or in cron_file as whom the job runs. Default: who the task runs as.',
        ),
      cron_file: z
        .string()
        .min(1)
        .meta({ hostPath: { absolute: false } })
        .optional()
        .describe('A file of /etc/cron.d, or an absolute path, in place of a crontab.'),
      env: ansibleBoolean.default(false).describe('Manage a variable of the crontab, not a job.'),
      insertafter: text.optional().describe('With env: put a new variable after the one of this name.'),
      insertbefore: text.optional().describe('With env: put a new variable before the one of this name.'),
      backup: ansibleBoolean.default(false).describe('Keep a copy of the crontab as it was, in /tmp.'),
    })
    .superRefine((want, context) => {
      const problem = (message: string, field: string) =>
        context.addIssue({ code: 'custom', message, path: [field] });
      const { minute, hour, day, month, weekday } = want;
      if (want.special_time !== undefined && [minute, hour, day, month, weekday].some((it) => it !== '*'))
        problem('cannot be given together with minute, hour, day, month or weekday', 'special_time');
      if (want.cron_file === '/etc/crontab') problem('/etc/crontab is not managed', 'cron_file');
      if (want.env && want.name.includes(' ')) problem('a variable has no spaces in its name', 'name');
      if (want.insertafter !== undefined && want.insertbefore !== undefined)
        problem('give only one of insertafter and insertbefore', 'insertbefore');
      if (want.state === 'absent') return;
      if (want.cron_file !== undefined && want.user === undefined) problem('cron_file needs user', 'user');
      if (want.job === undefined) problem('state present needs job', 'job');
      for (const field of ['insertafter', 'insertbefore'] as const)
        if (want[field] !== undefined && !want.env) problem('is for variables (env: yes)', field);
    }),
);
type Want = z.output<typeof params>;

export default state<Want, Crontab>({
  summary: 'Manage jobs and variables of crontab and cron.d.',
  params,

  async have(want, host, context) {
    const file = fileOf(want);
    if (file !== undefined && !/^[A-Za-z0-9_-]+$/.test(posix.basename(file)))
      context.warn(
        `Filename portion of cron_file ("${posix.basename(file)}") should consist solely of upper- and lower-case letters, digits, underscores, and hyphens`,
      );
    if (isBroken(want)) context.warn('Job should not contain line breaks');
    const found = file === undefined ? await readCrontab(want, host) : await host.ask(contents, file);
    return editCrontab(found?.toString() ?? '', want);
  },

  diff: (want, { changed, before, after }) => {
    if (!changed) return [];
    const path = fileOf(want) ?? (want.user === undefined ? 'crontab' : `crontab for user "${want.user}"`);
    if (after === undefined) return [{ what: 'state', from: 'file', to: 'absent', path }];
    return [contentChange(path, Buffer.from(before), Buffer.from(after))];
  },

  async fix(_changes, want, { before, after }, host) {
    const file = fileOf(want);
    if (want.backup) {
      const made = await host.run(sh`t=$(mktemp /tmp/crontabXXXXXXXX) && cat >"$t" && echo "$t"`, {
        stdin: before,
      });
      rememberFor(want, { backup_file: made.stdout.trim() });
    }
    if (file === undefined) await host.run(sh`${crontab(want)} -`, { stdin: after ?? '' });
    else if (after === undefined) {
      await host.run(sh`rm -f -- ${file}`);
      rememberFor(want, { state: want.state });
    } else await host.write(file, after);
  },

  // A job of several lines is never found again as what was written: Ansible writes it anew each time.
  verify: (want, _before, { changed }) =>
    changed && !isBroken(want) ? [{ what: 'content', from: 'as it is', to: 'as it was written' }] : [],

  result(want, { jobs, envs }) {
    const remembered = rememberedFor(want);
    return {
      ...('state' in remembered ? {} : { jobs, envs }),
      ...(want.cron_file === undefined ? {} : { cron_file: want.cron_file }),
      ...remembered,
    };
  },
});

function isBroken({ env, state: wanted, job = '' }: Want): boolean {
  return wanted === 'present' && !env && /[\r\n]/.test(job.replace(/^[\r\n]+|[\r\n]+$/g, ''));
}

function fileOf({ cron_file }: Want): string | undefined {
  if (cron_file === undefined) return undefined;
  return cron_file.startsWith('/') ? cron_file : `/etc/cron.d/${cron_file}`;
}

/** crontab(1); its -u is for root only, so that it is left out where it says nothing. */
function crontab({ user }: Want): Command {
  return user === undefined ? sh`crontab` : sh`crontab $([ "$(id -un)" = ${user} ] || echo -u ${user})`;
}

async function readCrontab(want: Want, host: HostReader): Promise<string> {
  const { code, stdout, stderr } = await host.look(sh`${crontab(want)} -l`, { expect: 'any' });
  if (code === 127)
    throw new NotYet(`crontab is not installed on ${host.name}`, 'install the package cron before');
  if (/unknown|not.*exist/i.test(stderr) && want.user !== undefined)
    throw new NotYet(`user ${want.user} does not exist on ${host.name}`);
  if (code > 1) throw new TaskFailure(`the crontab cannot be read on ${host.name}: ${stderr.trim()}`);
  return code === 0 ? stdout : '';
}
