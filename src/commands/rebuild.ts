import { ExitCode, ProjectError, TaskFailure, TransportError } from '../errors.ts';
import { keyWords } from '../host/host-key-error.ts';
import { type DatabaseSituation, planRebuild, type Situation } from '../recovery/rebuild.ts';
import { count, duration } from '../reporters/text.ts';
import type { Site } from '../verify/contract.ts';
import { confirmed } from './confirm.ts';
import { type Answering, acceptHostKey, answering } from './host-key.ts';
import { act, type Decided, peerTags, type RebuildOptions } from './rebuild-act.ts';
import {
  databaseTable,
  hostsTable,
  isKnownAddress,
  keptCertificate,
  readLiving,
  readSituation,
} from './rebuild-look.ts';
import { verifyAll } from './rebuild-plays.ts';
import { type OpenSite, openSite } from './site.ts';
import { type Teller, teller } from './teller.ts';

/**
 * Takes a new, bare server in the place of a lost one to its full part, and joins it to the living: looks, shows the
 * situation and the plan, asks, acts, proves. Whatever ends it, the same command goes on from there.
 * @returns failed when the site does not keep its promises afterwards
 */
export async function rebuild(given: RebuildOptions): Promise<ExitCode> {
  const options = withDiscard(given);
  const tell = teller(options.output === 'json');
  const began = performance.now();
  const found = await look(options, tell);
  if (!options.yes && (options.output === 'json' || !(await confirmed('Go on?'))))
    throw new TaskFailure('nothing was changed', 'Without a terminal to ask at, say --yes.');
  const asked = performance.now();
  await act(options, found, tell);
  if (options.signal.aborted) return ExitCode.interrupted;
  const seconds = (performance.now() - asked) / 1000;
  const { host } = options;
  const code = await verifyAll(options, tell);
  tell.event(
    { event: 'rebuilt', host, seconds: Math.round(seconds * 1000) / 1000, phases: tell.phases },
    `\n${host} is back after ${duration(seconds)} (${duration((performance.now() - began) / 1000)} with the looks before and after)`,
  );
  return code;
}

function withDiscard(options: RebuildOptions): RebuildOptions {
  const { discard, host, extraVars } = options;
  if (discard === undefined) return options;
  if (discard !== host)
    throw new ProjectError([
      { message: `--discard ${discard}: the server that is rebuilt is ${host}`, severity: 'error' },
    ]);
  return { ...options, extraVars: [...extraVars, JSON.stringify({ replication_discard: [host] })] };
}

/** Web servers are changed only when every balancer can be told. */
function needBalancers(site: Site, target: string, living: readonly string[], inventory: string): void {
  const silent = site.group('balancer').filter((name) => name !== target && !living.includes(name));
  if (silent.length === 0 || site.group('web').length === 1) return;
  throw new TaskFailure(
    `${silent.join(' and ')} cannot be asked, and web servers are changed only when every balancer can be`,
    `First: foobar rebuild ${inventory} ${silent[0]}.`,
  );
}

/** Looks at the whole fleet, has a new host key confirmed, and decides. Throws a TaskFailure when nothing may be done. */
async function look(options: RebuildOptions, tell: Teller): Promise<Decided> {
  const { host: target } = options;
  const open = await openSite(options);
  const { site, project } = open;
  try {
    if (!site.group('all').includes(target))
      throw new ProjectError([
        { message: `there is no host ${target} in ${options.inventory}`, severity: 'error' },
      ]);
    const [answer, living] = await tell.phase('look at the site', () =>
      Promise.all([answering(open.settings(target)), readLiving(site, target)]),
    );
    tell.event(
      { event: 'situation', host: target, answer: answer.kind, hosts: Object.fromEntries(living) },
      hostsTable(site, target, living, answerWords(answer)),
    );
    if (answer.kind === 'unreachable') throw lostError(answer.error);
    if (answer.kind === 'new') await confirmKey(options, open, answer, tell);
    const isNew = answer.kind === 'new';
    const inventory = [options.inventory].flat()[0] ?? '';
    const situation = await readSituation(open, target, {
      inventory,
      isNew,
      mayDiscard: options.discard !== undefined,
    });
    if (situation.database)
      tell.event(databaseEvent(situation.database), `\n${databaseTable(situation.database)}`);
    const plan = planRebuild(situation);
    if (plan.kind === 'refused') throw new TaskFailure(plan.reason, plan.hint);
    const others = [...living].filter(([, reason]) => reason === undefined).map(([name]) => name);
    if (situation.parts.includes('web')) needBalancers(site, target, others, inventory);
    const certificate = await keptCertificate(site, target, project.inventory.stateDirectory);
    const decided: Decided = {
      plan,
      others,
      balancers: situation.parts.includes('web')
        ? site.group('balancer').filter((name) => others.includes(name))
        : [],
      isNewAddress: situation.machine.hasMoved || !(await isKnownAddress(site, others, target)),
      keepsCertificate: certificate?.isGood === true,
    };
    const steps = stepsOf(situation, decided, certificate);
    tell.event(
      { event: 'plan', host: target, steps, ...plan },
      [
        '',
        'what will be done',
        ...steps.map((step, index) => `${String(index + 1).padStart(3)}  ${step}`),
        '',
      ].join('\n'),
    );
    return decided;
  } finally {
    await open.close();
  }
}

function databaseEvent({ members, decision }: DatabaseSituation) {
  const servers = members.map(({ name, server }) => ({ name, executed: server?.executed ?? null }));
  return { event: 'database', servers, ...(decision.kind === 'follow' && { primary: decision.primary }) };
}

function lostError(error: TransportError): TransportError {
  const hint = 'Bring a bare server up in its place; another address is written into the inventory first.';
  return error.kind === 'unreachable'
    ? new TransportError(error.host, error.kind, error.message, hint)
    : error;
}

function answerWords(answer: Answering): string {
  if (answer.kind === 'known') return 'answers';
  return answer.kind === 'new' ? 'answers with a new host key' : `lost: ${answer.error.message}`;
}

async function confirmKey(
  { host, hostKey, output }: RebuildOptions,
  open: OpenSite,
  { key, fingerprint, wasKnown }: Extract<Answering, { kind: 'new' }>,
  tell: Teller,
): Promise<void> {
  const words = `${host} shows ${wasKnown ? 'another host key than the known one' : 'a host key that nobody knows'}: ${keyWords(key)}`;
  tell.event({ event: 'host-key', host, fingerprint }, `\n${words}`);
  if (hostKey !== undefined && hostKey !== fingerprint)
    throw new TaskFailure(
      `${words}; --host-key says ${hostKey}`,
      'It is not the server that was meant, or somebody is listening in. Nothing was sent.',
    );
  const compare =
    'Compare it with what the provider or the console of the new server shows (ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub)';
  if (hostKey === undefined) {
    if (output === 'json' || !(await confirmed(`${compare}.\nIs this the new ${host}?`)))
      throw new TaskFailure(
        `the host key of ${host} was not confirmed: ${keyWords(key)}`,
        `${compare}; then say it: --host-key ${fingerprint}`,
      );
  }
  await acceptHostKey(open.settings(host), key);
}

function stepsOf(
  { target, parts, machine, database }: Situation,
  { plan, balancers, isNewAddress, keepsCertificate }: Decided,
  certificate: { readonly names: readonly string[] } | undefined,
): string[] {
  const has = (part: string) => parts.includes(part);
  const { database: data } = plan;
  const replicas = (database?.members.length ?? 0) - 1;
  return [
    ...(machine.begun ? [`go on with the rebuild of ${target} that was begun`] : []),
    ...(isNewAddress ? ["the other hosts' firewalls and the database's accounts learn the new address"] : []),
    `system, packages, firewall and configuration of ${target}: ${parts.join(', ') || 'no part of its own'}`,
    ...(data?.donor !== undefined
      ? [`its database is seeded from ${data.donor} (${data.why}) and follows ${data.primary}`]
      : data
        ? [`its database keeps its data and follows ${data.primary}`]
        : []),
    ...(data
      ? [
          `every row of every table is compared with ${data.reference}; ${data.primary} waits for ${count(replicas, 'replica')}`,
        ]
      : []),
    ...(certificate
      ? [
          keepsCertificate
            ? `the kept certificate of ${certificate.names.join(', ')} goes into service; none is ordered`
            : `no usable certificate of ${certificate.names.join(', ')} is kept: a new one is ordered`,
        ]
      : []),
    ...(balancers.length > 0 ? [`${balancers.join(' and ')} sends visitors there once it is healthy`] : []),
    ...(has('monitoring')
      ? [
          'targets, rules and dashboards come back; the history of metrics is gone unless it was kept elsewhere',
        ]
      : []),
    `the other hosts learn ${isNewAddress ? 'the new address' : 'what is new of it'} (${peerTags.join(', ')}${isNewAddress ? ' and the rest of the playbook' : ''})`,
  ];
}
