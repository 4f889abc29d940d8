import { TaskFailure } from '../errors.ts';
import type { Expression, Task } from '../playbook/contract.ts';
import type { Scope } from '../template/scope.ts';
import { holds } from './conditions.ts';
import type { Outcome } from './outcome.ts';
import type { PreparedItem } from './prepare.ts';

/** Applies changed_when, then failed_when. One that cannot be evaluated fails the task, which keeps its result. */
export function judged(task: Task, item: Pick<PreparedItem, 'scope'>, outcome: Outcome): Outcome {
  const { changedWhen = [], failedWhen = [] } = task;
  if (outcome.result.skipped === true || changedWhen.length + failedWhen.length === 0) return outcome;
  const result = { ...outcome.result };
  const scope = (): Scope => registered(task, item.scope, { ...outcome, result: { ...result } });
  let said: string | undefined;
  const judge = (name: 'changed' | 'failed', conditions: readonly Expression[]): boolean | undefined => {
    try {
      return holds(conditions, scope());
    } catch (error) {
      if (!(error instanceof TaskFailure)) throw error;
      said = `${name}_when: ${error.message}`;
      result.failed = true;
      result[`${name}_when_result`] = error.message;
      return undefined;
    }
  };
  if (changedWhen.length > 0) result.changed = judge('changed', changedWhen) ?? result.changed;
  if (failedWhen.length > 0 && said === undefined) {
    const failed = judge('failed', failedWhen);
    if (failed !== undefined) result.failed_when_result = result.failed = failed;
    if (failed) said = `failed_when: ${failedWhen.map((condition) => condition.text).join(' and ')}`;
  }
  const { message, hint, ...rest } = outcome;
  const status = result.failed ? 'failed' : result.changed ? 'changed' : 'ok';
  const overruled = outcome.status === 'failed' && status !== 'failed';
  const why = said ?? (overruled ? undefined : message);
  return { ...rest, status, result, ...(why === undefined ? {} : { message: why, hint }) };
}

/** The scope in which a task's own result is judged. */
export function registered(task: Task, scope: Scope, outcome: Outcome): Scope {
  const own = task.register ? { [task.register]: outcome.result } : {};
  return scope.with({ ...outcome.facts, ...outcome.variables, ...own }, 'register');
}
