import { ExitCode, TaskFailure } from '../errors.ts';
import { isFailure } from '../reporters/wording.ts';
import { mask, maskText } from '../secrets.ts';
import { dumpYaml } from '../yaml/located.ts';
import { exitCode } from './provision.ts';
import { adHoc, type RunCommand } from './run.ts';

export interface FactsOptions extends Omit<RunCommand, 'pattern' | 'module' | 'args' | 'command'> {
  readonly host: string;
  /** A glob over the names of facts. */
  readonly filter?: string;
}

/** Prints what a host tells about itself, under Ansible's names. */
export async function facts(options: FactsOptions): Promise<ExitCode> {
  const { host, filter, output, ...rest } = options;
  let gathered: unknown;
  const args = JSON.stringify(filter === undefined ? {} : { filter });
  const { hosts } = await adHoc(
    { ...rest, pattern: host, module: 'setup', args },
    {
      tell(event, result) {
        if (isFailure(event)) throw new TaskFailure(`${event.host}: ${event.message}`, event.hint);
        gathered = result.ansible_facts;
      },
      warn: (message) => void process.stderr.write(maskText(`warning: ${message}\n`)),
      said: () => undefined,
    },
  );
  if (gathered !== undefined) gathered = withoutNotes(gathered);
  if (gathered !== undefined) process.stdout.write(output === 'json' ? json(gathered) : yaml(gathered));
  return options.signal.aborted ? ExitCode.interrupted : exitCode(hosts, options);
}

/** What setup notes of itself is nothing that the host tells. */
function withoutNotes(gathered: unknown): unknown {
  const { gather_subset: _subset, module_setup: _setup, ...told } = gathered as Record<string, unknown>;
  return told;
}

function json(gathered: unknown): string {
  return `${JSON.stringify(mask(gathered), null, 2)}\n`;
}

function yaml(gathered: unknown): string {
  return maskText(dumpYaml(mask(gathered), { sortKeys: true }));
}
