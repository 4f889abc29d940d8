import { TaskFailure } from '../errors.ts';
import type { Playbook, Prompt } from '../playbook/contract.ts';
import { shownPath } from '../problems.ts';
import { rememberSecret } from '../secrets.ts';
import { evaluate } from '../template/render.ts';
import { Scope } from '../template/scope.ts';
import { Unsafe } from '../yaml/located.ts';
import type { Ask } from './ask.ts';

/** Whether somebody will be asked something during a run. */
export function asksQuestions(playbook: Playbook, step: boolean): boolean {
  const asks = (play: Playbook['plays'][number]) =>
    (play.prompts ?? []).length > 0 || play.tasks.some(({ module }) => module === 'pause');
  return step || playbook.plays.some(asks);
}

/**
 * Questions of `vars_prompt` that nobody is there to answer and that have no default. Ansible goes on with empty
 * values; here the run does not begin.
 */
export function unanswerable(
  playbook: Playbook,
  step: boolean,
  ask: Ask | undefined,
): TaskFailure | undefined {
  if (ask) return undefined;
  if (step)
    return new TaskFailure(
      '--step asks before each task, and there is no terminal to ask at',
      'leave it out',
    );
  const open = playbook.plays.flatMap(({ prompts = [] }) =>
    prompts.filter((prompt) => prompt.default === undefined),
  );
  const [first] = open;
  if (!first) return undefined;
  const names = open.map(({ name }) => name);
  const { file, line } = first.place;
  return new TaskFailure(
    `${shownPath(file)}:${line}: there is no terminal to ask for ${names.join(', ')}`,
    `give it on the command line: ${names.map((name) => `-e ${name}=...`).join(' ')}`,
  );
}

/** Asks a question of `vars_prompt` and gives the variable's value. Without a terminal the default counts. */
export async function answerTo(prompt: Prompt, ask: Ask | undefined): Promise<unknown> {
  const { default: standard, confirm, unsafe } = prompt;
  const given = ask ? await asked(prompt, ask, confirm) : '';
  const answer = given === '' && standard !== undefined ? standard : given;
  if (prompt.private && typeof answer === 'string') rememberSecret(answer);
  if (prompt.encrypt !== undefined) return encrypted(String(answer), prompt);
  return unsafe && typeof answer === 'string' ? new Unsafe(answer) : answer;
}

async function asked({ prompt, private: hidden, default: standard }: Prompt, ask: Ask, confirm: boolean) {
  const text = standard === undefined ? `${prompt}: ` : `${prompt} [${standard}]: `;
  for (;;) {
    const answer = await ask({ text, echo: !hidden });
    if (!confirm || answer === (await ask({ text: `confirm ${text}`, echo: !hidden }))) return answer;
    process.stderr.write('***** VALUES ENTERED DO NOT MATCH ****\n');
  }
}

/** As `password_hash` does it, the filter that Ansible takes for this too. */
function encrypted(answer: string, { encrypt, salt, saltSize }: Prompt): unknown {
  const values = {
    answer,
    kind: String(encrypt).replace(/_crypt$/, ''),
    salt: salt ?? null,
    size: saltSize ?? null,
  };
  const scope = new Scope([{ origin: 'vars_prompt', values, literal: true }], {
    searchDirectories: [],
    check: true,
  });
  const hash = evaluate('answer | password_hash(kind, salt, size)', scope);
  if (typeof hash === 'string') rememberSecret(hash);
  return hash;
}

/** Asks before a task, as `--step` does. */
export async function stepTo(task: string, ask: Ask): Promise<'yes' | 'no' | 'continue'> {
  for (;;) {
    const answer = (await ask({ text: `Perform task: ${task} (N)o/(y)es/(c)ontinue: `, echo: true })).trim();
    if (/^(y|yes)$/i.test(answer)) return 'yes';
    if (/^(c|continue)$/i.test(answer)) return 'continue';
    if (/^(n|no)?$/i.test(answer)) return 'no';
  }
}
