import { placeOf } from '../yaml/located.ts';
import type { Play } from './contract.ts';
import { defaultsOf } from './module-defaults.ts';
import { type Reading, staticValue } from './reading.ts';
import type { Report } from './report.ts';
import type { Scope } from './scope.ts';
import { boolean, isOpen, list, text } from './values.ts';

type Words = Pick<
  Play,
  | 'gatherFacts'
  | 'gatherSubset'
  | 'gatherTimeout'
  | 'factPath'
  | 'gatherDefaults'
  | 'strategy'
  | 'order'
  | 'anyErrorsFatal'
  | 'maxFailPercentage'
  | 'forceHandlers'
  | 'throttle'
  | 'serial'
>;

/** The keywords that only a play has, or that mean something to the play itself. */
export function playWords(node: Record<string, unknown>, handed: Scope, reading: Reading): Words {
  const { report } = reading;
  const has = (key: string) => node[key] !== undefined && node[key] !== null;
  const strategy = strategyOf(node, report);
  const order = orderOf(node, report);
  percentage(node, report);
  const { gather_subset: subset, gather_timeout: timeout, fact_path: path } = node;
  const defaults = ['setup', 'gather_facts'].flatMap((name) => defaultsOf(name, handed.moduleDefaults));
  return {
    gatherFacts: gatherFacts(node, handed, reading),
    ...(subset === undefined || subset === null ? {} : { gatherSubset: subset }),
    ...(timeout === undefined || timeout === null ? {} : { gatherTimeout: timeout }),
    ...(path === undefined || path === null ? {} : { factPath: path }),
    ...(defaults.length === 0 ? {} : { gatherDefaults: defaults }),
    ...(strategy === undefined ? {} : { strategy }),
    ...(order === undefined ? {} : { order }),
    ...(has('any_errors_fatal') ? { anyErrorsFatal: node.any_errors_fatal } : {}),
    ...(has('max_fail_percentage') ? { maxFailPercentage: node.max_fail_percentage } : {}),
    ...(has('force_handlers') ? { forceHandlers: node.force_handlers } : {}),
    ...(has('throttle') ? { throttle: node.throttle } : {}),
    serial: serialOf(node, report),
  };
}

function gatherFacts(node: Record<string, unknown>, scope: Scope, reading: Reading): boolean {
  const value = node.gather_facts;
  if (value === undefined || value === null) return true;
  const found = boolean(staticValue(value, scope, reading));
  if (found !== undefined) return found;
  const place = placeOf(node, 'gather_facts');
  if (isOpen(value)) reading.report.refuse(place, 'gather_facts that only a host can tell');
  else reading.report.mistake(place, 'gather_facts must be true or false');
  return true;
}

function strategyOf(node: Record<string, unknown>, report: Report): Play['strategy'] {
  if (node.strategy === undefined || node.strategy === null) return undefined;
  const name = text(node.strategy).replace(/^ansible\.(builtin|legacy)\./, '');
  if (name === 'linear') return 'linear';
  // host_pinned differs from free only in how many hosts are under way at a time.
  if (name === 'free' || name === 'host_pinned') return 'free';
  report.refuse(placeOf(node, 'strategy'), `strategy: ${name}`, 'linear, free and host_pinned are');
  return undefined;
}

const orders = ['inventory', 'sorted', 'reverse_sorted', 'reverse_inventory', 'shuffle'] as const;

function orderOf(node: Record<string, unknown>, report: Report): Play['order'] {
  if (node.order === undefined || node.order === null) return undefined;
  const order = orders.find((each) => each === node.order);
  if (order === undefined)
    report.mistake(placeOf(node, 'order'), `order must be one of ${orders.join(', ')}`);
  return order;
}

function percentage(node: Record<string, unknown>, report: Report): void {
  const value = node.max_fail_percentage;
  if (value === undefined || value === null || isOpen(value) || /^\s*\d+(\.\d+)?\s*%?\s*$/.test(text(value)))
    return;
  report.mistake(placeOf(node, 'max_fail_percentage'), 'max_fail_percentage must be a percentage such as 30');
}

function serialOf(node: Record<string, unknown>, report: Report): (number | string)[] {
  return list(node.serial).flatMap((size) => {
    if (typeof size === 'number' && Number.isInteger(size) && size >= 0) return size === 0 ? [] : [size];
    if (typeof size === 'string' && (/^\s*\d+%?\s*$/.test(size) || isOpen(size)))
      return [/^\d+$/.test(size) ? Number(size) : size];
    report.mistake(
      placeOf(node, 'serial'),
      'serial is a number of hosts, a percentage such as "30%", or a list of them',
    );
    return [];
  });
}
