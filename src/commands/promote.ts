import { join } from 'node:path';
import { ExitCode, ProjectError, TaskFailure } from '../errors.ts';
import { lacks, type Member } from '../mysql/cluster.ts';
import { countGtids, parseGtidSet } from '../mysql/gtid.ts';
import { mayBeLost } from '../mysql/loss.ts';
import type { Promotion, PromotionWish } from '../mysql/promotion.ts';
import { databaseGroup } from '../recovery/group.ts';
import { promote as carryOut, situation } from '../recovery/promote.ts';
import { table } from '../reporters/table.ts';
import { readKept } from '../state/files.ts';
import type { Finding } from '../verify/contract.ts';
import { verifyDatabase } from '../verify/database.ts';
import { confirmed } from './confirm.ts';
import { openSite } from './site.ts';
import { type Teller, teller } from './teller.ts';
import type { VerifyOptions } from './verify.ts';

export interface PromoteOptions extends VerifyOptions {
  /** The server to be primary; undefined: the best one. */
  readonly host?: string;
  readonly force: boolean;
  readonly lost: readonly string[];
  /** Do not ask. */
  readonly yes: boolean;
}

/**
 * Makes another database server the primary: looks, shows the situation and the plan, asks, acts, and looks again.
 * @returns failed when the database does not keep its promises afterwards
 */
export async function promote(options: PromoteOptions): Promise<ExitCode> {
  if (options.limit !== undefined)
    throw mistake('promote takes no --limit: a server that is left out may be the one that takes writes');
  const tell = teller(options.output === 'json');
  const waiting = (host: string, owner: string) => tell.line(`${host}: waits for another run: ${owner}`);
  const open = await openSite(options, { changing: true, waiting });
  try {
    const { stateDirectory } = open.project.inventory;
    const stranger = options.lost.find((name) => !open.site.group('all').includes(name));
    if (stranger !== undefined) throw mistake(`--lost ${stranger}: the inventory has no such host`);
    const group = databaseGroup(open.site, open.host);
    const kept = await readKept(join(stateDirectory, 'mysql', 'cluster-id'));
    const wish: PromotionWish = {
      to: options.host,
      force: options.force,
      lost: options.lost,
      cluster: kept?.trim() || undefined,
    };
    const { members, promotion } = await tell.phase('look at the servers', () => situation(group, wish));
    show(members, promotion, tell);
    if (promotion.kind !== 'settled' || promotion.opens || promotion.followers.length > 0) {
      if (!options.yes && !(await confirmed('Go on?')))
        throw new TaskFailure('nothing was changed', 'Without a terminal to ask at, say --yes.');
      const { primary, writePause } = await carryOut(group, promotion, wish, tell);
      tell.event(
        { event: 'promoted', primary, ...(writePause !== undefined && { write_pause: writePause }) },
        `${primary} is the primary${writePause === undefined ? '' : `; writes were refused for ${writePause.toFixed(2)} s`}`,
      );
    }
    const findings = await tell.phase('look at the database', () => verifyDatabase(open.site));
    report(findings, tell);
    // What is gone was known to be, also where an earlier run has done the work.
    const silent = members.filter(({ server }) => !server).map(({ name }) => name);
    const absent = [...options.lost, ...(options.force ? silent : [])];
    const broken = findings.filter(({ kept, host }) => !kept && !absent.includes(host));
    return broken.length === 0 ? ExitCode.done : ExitCode.failed;
  } finally {
    await open.close();
  }
}

function mistake(message: string): ProjectError {
  return new ProjectError([{ message, severity: 'error' }]);
}

function show(members: readonly Member[], promotion: Promotion, tell: Teller): void {
  const best = members.find(({ name }) => name === promotion.to)!;
  const rows = members.map((member) => {
    const { server } = member;
    if (!server) return [member.name, 'does not answer', '', member.reason ?? ''];
    const [channel] = server.channels;
    const missing = countGtids(parseGtidSet(lacks(member, best)));
    return [
      member.name,
      server.readOnly ? 'read-only' : 'takes writes',
      channel ? `from ${channel.host}, receiver ${channel.receiver}, applier ${channel.applier}` : '',
      missing === 0n ? '' : `lacks ${missing} transactions of ${best.name}`,
    ];
  });
  const words = describe(members, promotion);
  tell.event(
    { event: 'promotion', ...promotion },
    [...table([['server', 'state', 'replicates', ''], ...rows]), '', ...words].join('\n'),
  );
}

function describe(members: readonly Member[], promotion: Promotion): string[] {
  const { to, followers } = promotion;
  if (promotion.kind === 'settled') {
    const also = followers.length > 0 ? `; ${followers.join(' and ')} will follow it` : '';
    if (promotion.opens)
      return [
        `${to} was the primary last and is read-only. It takes writes again with the data that it has${also}.`,
        'If another server was made the primary since, what that one took is given up.',
      ];
    return [also === '' ? `${to} is the primary already` : `${to} is the primary${also}`];
  }
  const others = followers.length > 0 ? `; ${followers.join(' and ')} will follow it` : '';
  if (promotion.kind === 'switch')
    return [`${promotion.from} hands over to ${to}${others}. Nothing is lost; writes are refused meanwhile.`];
  const survivors = members.filter(({ name }) => name === to || followers.includes(name));
  return [
    `${to} takes the place of ${promotion.from ?? 'the primary, which is gone'}${others}.`,
    `What may be lost: ${mayBeLost(survivors, members.length)}.`,
    `${promotion.absent.length > 0 ? promotion.absent.join(' and ') : 'The old primary'} is never writable when it returns; it comes back by foobar rebuild or provision, as a replica.`,
  ];
}

function report(findings: readonly Finding[], tell: Teller): void {
  for (const finding of findings)
    tell.event(
      { event: 'finding', ...finding },
      `${finding.kept ? 'ok    ' : 'failed'}  ${finding.host}: ${finding.promise}: ${finding.seen}`,
    );
}
