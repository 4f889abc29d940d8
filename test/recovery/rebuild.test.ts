import { describe, expect, it } from 'vitest';
import type { Member } from '../../src/mysql/cluster.ts';
import { decidePrimary } from '../../src/mysql/decide.ts';
import { parseMachine } from '../../src/recovery/machine.ts';
import { planRebuild, type Situation } from '../../src/recovery/rebuild.ts';
import { channelTo, fresh, member, replica, silent, site, uuid } from '../mysql/servers.ts';

const clone = { plugins: ['clone'] };
const primary = member(1, clone);
const bare = { begun: false, hasMoved: false, isOurs: false, running: [], listening: [] };
const lost = (number: number): Member => ({ ...silent(number), stopped: true });

function situation(
  members: readonly Member[],
  change: Partial<Situation> = {},
  mayDiscard = false,
): Situation {
  return {
    target: 'db3',
    inventory: 'lab.yaml',
    parts: ['database'],
    machine: bare,
    isNew: true,
    units: [],
    database: {
      members,
      decision: decidePrimary(members, { hint: 'db1', cluster: site }),
      cluster: site,
      mayDiscard,
      donors: [],
    },
    ...change,
  };
}

describe('a lost replica', () => {
  const good = replica(2, 1, clone);

  it('is seeded and compared with a healthy replica', () => {
    const asked = situation([primary, good, lost(3)]);
    const donors = [{ member: good, running: 2 }];
    expect(planRebuild({ ...asked, database: { ...asked.database!, donors } })).toEqual({
      kind: 'rebuild',
      database: { primary: 'db1', donor: 'db2', why: 'it has none', reference: 'db2' },
    });
  });

  it('is seeded from and compared with the primary when no replica is healthy', () => {
    expect(planRebuild(situation([primary, silent(2), fresh(3)]))).toEqual({
      kind: 'rebuild',
      database: { primary: 'db1', donor: 'db1', why: 'it holds no data', reference: 'db1' },
    });
  });

  it('keeps its data when its disk has come back whole', () => {
    const back = replica(3, 1, { ...clone, channels: [channelTo(1, { receiver: 'OFF' })] });
    expect(planRebuild(situation([primary, good, back], { isNew: false }))).toEqual({
      kind: 'rebuild',
      database: { primary: 'db1', reference: 'db2' },
    });
  });

  it('is left alone when it lives and does its part', () => {
    const alive = situation([primary, good, replica(3, 1, clone)], { isNew: false });
    expect(planRebuild(alive)).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('db3 is alive and in service'),
    });
    expect(planRebuild({ ...alive, machine: { ...bare, begun: true } })).toMatchObject({ kind: 'rebuild' });
    expect(planRebuild({ ...alive, units: ['nginx'] })).toMatchObject({ kind: 'rebuild' });
    expect(
      planRebuild({ ...alive, units: ['nginx'], machine: { ...bare, running: ['nginx'] } }),
    ).toMatchObject({ kind: 'refused' });
  });

  it('with transactions of its own needs its own consent', () => {
    const errant = replica(3, 1, { ...clone, executed: `${uuid(1)}:1-100,${uuid(3)}:7` });
    const refused = planRebuild(situation([primary, good, errant], { isNew: false }));
    expect(refused).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining(`${uuid(3)}:7`),
      hint: expect.stringContaining('--discard db3'),
    });
    expect(planRebuild(situation([primary, good, errant], { isNew: false }, true))).toMatchObject({
      kind: 'rebuild',
      database: { why: expect.stringContaining(`${uuid(3)}:7`) },
    });
  });

  it('with the data of somebody else is left alone, whatever is consented to', () => {
    const stranger = { ...fresh(3), contents: { schemas: { shop: 12 }, accounts: [] } };
    expect(planRebuild(situation([primary, good, stranger], {}, true))).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('db3 holds schema shop'),
    });
  });

  it('is not built on an errant transaction of another one', () => {
    const errant = replica(2, 1, { ...clone, executed: `${uuid(1)}:1-100,${uuid(2)}:4` });
    expect(planRebuild(situation([primary, errant, lost(3)]))).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining(`${uuid(2)}:4`),
    });
  });
});

describe('a lost primary', () => {
  it('is not rebuilt before another server has taken its place', () => {
    const members = [lost(1), replica(2, 1, clone), replica(3, 1, clone)];
    expect(planRebuild(situation(members, { target: 'db1' }))).toEqual({
      kind: 'refused',
      reason: 'db1 was the primary, and no server has taken its place: db2 and db3 still follow it',
      hint: expect.stringContaining('foobar promote lab.yaml --force'),
    });
  });

  it('becomes a replica of the one that was promoted', () => {
    const members = [lost(1), member(2, clone), replica(3, 2, clone)];
    expect(planRebuild(situation(members, { target: 'db1' }))).toMatchObject({
      kind: 'rebuild',
      database: { primary: 'db2', reference: 'db3' },
    });
  });

  it('that lives is not touched', () => {
    expect(
      planRebuild(situation([primary, replica(2), replica(3)], { target: 'db1', isNew: false })),
    ).toMatchObject({ kind: 'refused', reason: 'db1 lives and is the primary of the database' });
  });

  it('with all its replicas is a matter of backups', () => {
    expect(planRebuild(situation([lost(1), lost(2), fresh(3)]))).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('every database server is gone'),
      hint: expect.stringContaining('foobar restore lab.yaml'),
    });
  });
});

describe('a machine', () => {
  const web: Situation = {
    target: 'web1',
    inventory: 'lab.yaml',
    parts: ['web'],
    machine: bare,
    isNew: true,
    units: ['nginx', 'site.service'],
  };

  it('with a new key must be bare', () => {
    const machine = { ...bare, listening: ['apache2 on *:80'] };
    expect(planRebuild({ ...web, machine })).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('apache2 on *:80'),
    });
    expect(planRebuild(web)).toEqual({ kind: 'rebuild' });
    expect(planRebuild({ ...web, isNew: false, machine })).toMatchObject({
      kind: 'refused',
      reason: 'the machine is not bare: apache2 on *:80',
    });
    expect(planRebuild({ ...web, isNew: false, machine: { ...machine, isOurs: true } })).toEqual({
      kind: 'rebuild',
    });
  });

  it('is read with what runs and listens there', () => {
    const said = [
      'begun',
      'runs nginx',
      'listens 0.0.0.0:22 users:(("sshd",pid=7,fd=3))',
      'listens [::]:2222 users:(("sshd",pid=7,fd=4))',
      'listens 127.0.0.1:3000 users:(("node",pid=9,fd=3))',
      'listens *:443 users:(("nginx",pid=8,fd=5),("nginx",pid=10,fd=5))',
      'listens 0.0.0.0:111',
      '',
    ].join('\n');
    expect(parseMachine(said, 22)).toEqual({
      begun: true,
      hasMoved: false,
      isOurs: false,
      running: ['nginx'],
      listening: ['nginx on *:443', '0.0.0.0:111'],
    });
  });
});
