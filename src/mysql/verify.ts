import { decidePrimary, type Member, replicatesFrom } from './cluster.ts';
import { countGtids, parseGtidSet, subtractGtids } from './gtid.ts';
import { semiSync } from './semisync.ts';

/** One thing that was looked at; without a problem it is as promised. */
export interface ReplicationCheck {
  /** The server, or the whole group. */
  readonly host: string | undefined;
  /** What was promised: "one server takes writes". */
  readonly what: string;
  /** What was seen, when it is as promised. */
  readonly seen?: string;
  readonly problem?: string;
}

/**
 * Judges a group of servers as `readSettledMembers` gives them: one writable, all others running, caught up,
 * read-only replicas of it over verified TLS, semi-sync in force.
 */
export function judgeReplication(
  members: readonly Member[],
  {
    hint,
    cluster,
    semiSync: wantsSemiSync,
  }: { hint: string; cluster: string | undefined; semiSync: boolean },
): ReplicationCheck[] {
  const decision = decidePrimary(members, { hint, cluster });
  const primary =
    decision.kind === 'follow' ? members.find((member) => member.name === decision.primary) : undefined;
  const problem =
    decision.kind === 'refused'
      ? decision.reason
      : decision.kind === 'first'
        ? "no server holds the site's data"
        : primary!.server!.readOnly
          ? `${primary!.name} is the primary and read-only`
          : undefined;
  const one = check(undefined, 'one server takes writes', problem, primary?.name);
  if (!primary) return [one, ...members.map(judgeAnswer)];
  return [
    one,
    ...members.flatMap((member) => {
      if (!member.server) return [judgeAnswer(member)];
      return member === primary
        ? judgePrimary(member, members, wantsSemiSync)
        : judgeReplica(member, primary, wantsSemiSync);
    }),
  ];
}

function check(
  host: string | undefined,
  what: string,
  problem: string | undefined,
  seen: string | undefined,
): ReplicationCheck {
  return { host, what, ...(problem === undefined ? { ...(seen !== undefined && { seen }) } : { problem }) };
}

function judgeAnswer({ name, server, reason }: Member): ReplicationCheck {
  return check(name, 'MySQL answers', server ? undefined : (reason ?? 'no answer'), server?.version);
}

function judgePrimary(
  primary: Member,
  members: readonly Member[],
  wantsSemiSync: boolean,
): ReplicationCheck[] {
  const server = primary.server!;
  const stays = server.persisted.super_read_only === 'OFF' && server.persisted.read_only === 'OFF';
  const semi = semiSync(server);
  const inForce = semi.sourceActive && semi.clients > 0;
  return [
    judgeAnswer(primary),
    check(primary.name, 'writable after a reboot', stays ? undefined : 'it would come back read-only', 'yes'),
    ...(wantsSemiSync && members.length > 1
      ? [
          check(
            primary.name,
            'semi-sync in force',
            inForce
              ? undefined
              : `enabled ${semi.sourceEnabled ? 'yes' : 'no'}, ${semi.clients} replicas acknowledge`,
            `${semi.clients} replicas acknowledge`,
          ),
        ]
      : []),
  ];
}

function judgeReplica(member: Member, primary: Member, wantsSemiSync: boolean): ReplicationCheck[] {
  const server = member.server!;
  const [channel] = server.channels;
  const threads = channel && [
    ...(channel.receiver === 'ON' ? [] : [`receiver ${channel.receiver} ${channel.receiverError}`.trim()]),
    ...(channel.applier === 'ON' ? [] : [`applier ${channel.applier} ${channel.applierError}`.trim()]),
  ];
  const behind = countGtids(
    subtractGtids(parseGtidSet(primary.server!.executed), parseGtidSet(server.executed)),
  );
  const readOnly = [
    ...(server.superReadOnly ? [] : ['super_read_only is OFF']),
    ...(server.persisted.super_read_only === 'OFF' ? ['super_read_only would be OFF after a reboot'] : []),
  ];
  const tls = channel?.tls && channel.verifiesCertificate && channel.autoPosition;
  return [
    judgeAnswer(member),
    check(
      member.name,
      'replicates from the primary',
      !channel
        ? 'no source'
        : replicatesFrom(member, primary)
          ? threads!.join('; ') || undefined
          : `its source is ${channel.host}:${channel.port}`,
      `${channel?.host}:${channel?.port}`,
    ),
    check(
      member.name,
      'by GTID over TLS with a verified certificate',
      tls ? undefined : 'the channel is set otherwise',
      channel?.authority,
    ),
    check(member.name, 'up to date', behind === 0n ? undefined : `${behind} transactions behind`, 'yes'),
    check(member.name, 'read-only', readOnly.join('; ') || undefined, 'super_read_only'),
    ...(wantsSemiSync
      ? [
          check(
            member.name,
            'semi-sync in force',
            semiSync(server).replicaActive ? undefined : 'not active',
            'yes',
          ),
        ]
      : []),
  ];
}
