import type { Play, Task } from '../playbook/contract.ts';

/** The task that a play with gather_facts begins with. */
export function gatherTask(play: Play): Task {
  const given = {
    gather_subset: play.gatherSubset,
    gather_timeout: play.gatherTimeout,
    fact_path: play.factPath,
  };
  return {
    name: 'Gathering Facts',
    place: play.place,
    module: 'setup',
    args: Object.fromEntries(
      Object.entries(given).filter(([, value]) => value !== undefined && value !== null),
    ),
    ...(play.gatherDefaults ? { argsBelow: play.gatherDefaults } : {}),
    when: [],
    loopControl: { loopVar: 'item' },
    notify: [],
    listen: [],
    runOnce: false,
    ignoreErrors: false,
    noLog: false,
    become: play.become,
    ...(play.connect ? { connect: play.connect } : {}),
    environment: [],
    tags: play.tags ?? ['always'],
    defaults: [],
    layers: [],
  };
}
