import { z } from 'zod';
import { readJob, removeJob } from '../host/background.ts';
import { action } from './contract.ts';
import { moduleParams } from './shared/params.ts';

const params = moduleParams({
  jid: z
    .string()
    .regex(/^[\w.-]+$/, 'must be the ansible_job_id that a task in the background registered')
    .describe('The ansible_job_id that a task with async and poll: 0 registered.'),
  mode: z
    .enum(['status', 'cleanup'])
    .default('status')
    .describe('Tell how the job stands, or remove what it left behind.'),
});

const quiet = { stdout: '', stderr: '', stdout_lines: [], stderr_lines: [] };

export default action<z.output<typeof params>>({
  summary: 'Tell how a task in the background stands.',
  params,
  effect: 'reads',

  async run({ jid, mode }, host, context) {
    const { stdout } = await host.look(readJob(jid));
    const [folder = '', ...rest] = stdout.split('\n');
    const results_file = `${folder}/${jid}`;
    const text = rest.join('\n');
    if (mode === 'cleanup') {
      if (!context.check) await host.run(removeJob(jid));
      const values = { ...quiet, ansible_job_id: jid, erased: results_file, started: false, finished: false };
      return { changed: false, values };
    }
    const known = { ...quiet, ansible_job_id: jid, results_file, started: true };
    if (text.trim() === '')
      return { changed: false, failed: 'could not find job', values: { ...known, finished: true } };
    const data = JSON.parse(text) as Record<string, unknown>;
    const failed = data.failed === true ? String(data.msg ?? 'the job failed') : undefined;
    return {
      changed: data.changed === true,
      ...(failed === undefined ? {} : { failed }),
      values: { ...known, ...data },
    };
  },
});
