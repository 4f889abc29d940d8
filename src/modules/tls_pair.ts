import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { clientHello, servedChain } from '../certificates/handshake.ts';
import { commonName, judgePair, subjectOf } from '../certificates/judge.ts';
import { formatTime, validityOf } from '../certificates/lifetime.ts';
import { type Pair, readCertificates, readCertificatesIfAny } from '../certificates/pem.ts';
import { readCertificate } from '../certificates/store.ts';
import { CommandError, NotYet, TaskFailure } from '../errors.ts';
import type { Host, HostReader } from '../host/contract.ts';
import { sh } from '../host/sh.ts';
import { rememberSecret } from '../secrets.ts';
import { type Change, type Context, state } from './contract.ts';
import { attributeChanges, fileAttributes } from './shared/attributes.ts';
import { readControllerFile } from './shared/controller-file.ts';
import { exchange } from './shared/exchange.ts';
import { type PairOnHost, type Placed, placePair, readPairOnHost, sha256Of } from './shared/pair.ts';
import { ansibleBoolean, ansibleList, hostPath, integer, moduleParams } from './shared/params.ts';

const params = moduleParams({
  names: ansibleList
    .pipe(z.array(z.string().min(1)).min(1))
    .describe(
      'Names that the certificate must be valid for; with `directory` they say which kept one is meant.',
    ),
  directory: z.url().optional().describe('URL of the ACME directory that the kept certificate comes from.'),
  source_certificate: z
    .string()
    .default('')
    .describe('Instead of a kept certificate: path of a chain (PEM) on the controller; empty = a kept one.'),
  source_key: z.string().default('').describe('Path of the private key that goes with `source_certificate`.'),
  root_file: z
    .string()
    .default('')
    .describe('Path on the controller of the roots (PEM) that the chain must end at; empty = not checked.'),
  certificate: hostPath.describe('Path of the chain on the host.'),
  key: hostPath.describe('Path of the private key on the host.'),
  owner: fileAttributes.owner,
  group: fileAttributes.group,
  mode: fileAttributes.mode.default('0600').describe('Permissions of the key. The certificate is 0644.'),
  validate: z
    .string()
    .optional()
    .describe('Command that checks the configuration with the new pair in place, such as `nginx -t`.'),
  reload: z.string().optional().describe('Systemd unit to reload when the pair is new.'),
  port: integer
    .pipe(z.number().min(1).max(65535))
    .optional()
    .describe('Port on the host where the certificate must really be served. Needs TLS 1.2 there.'),
  proxy_protocol: ansibleBoolean.default(false).describe('Whether the port expects a PROXY protocol header.'),
});
type Params = z.output<typeof params>;

interface State {
  readonly pair: Pair;
  readonly there: PairOnHost;
  /** Fingerprint of what is served, or why it is not known; undefined when not asked for. */
  readonly served: Served | undefined;
}

interface Served {
  /** Whether anything listens on the port. */
  readonly listens: boolean;
  readonly fingerprint: string | undefined;
  readonly text: string;
}

/** How long a server may take to serve the new certificate after a reload: its old workers leave one by one. */
const reloadPatience = 10_000;
const answersInARow = 6;

export default state<Params, State>({
  summary: 'Put a kept certificate and its key in service, checked before and observed after.',
  params,
  // What is kept on the controller changes when acme_certificate runs, on whichever host that is.
  fleet: true,

  async have(want, host, context) {
    const [there, served, pair] = await Promise.all([
      readPairOnHost(host, want),
      readServed(want, host),
      findPair(want, context),
    ]);
    return { pair, there, served };
  },

  diff: (want, { pair, there, served }) => {
    const files = fileChanges(want, pair, there);
    // A server that does not run serves what is in place as soon as it is started, which is another task's.
    return files.length === 0 && served?.listens === false ? [] : [...files, ...servedChanges(pair, served)];
  },

  async fix(changes, want, have, host) {
    const isInPlace = changes.every(({ what }) => what === 'served');
    const placed = isInPlace ? undefined : await placePair(host, want, have.pair, want);
    await validate(want, host, placed);
    if (
      want.reload !== undefined &&
      changes.some(({ what }) => what !== 'owner' && what !== 'group' && what !== 'mode')
    )
      await reload(want, have.pair, host, placed);
    await placed?.finish();
  },

  result: (want, { pair, there, served }) => {
    const leaf = readCertificates(pair.chain)[0]!;
    return {
      certificate: want.certificate,
      key: want.key,
      in_service: fileChanges(want, pair, there).length + servedChanges(pair, served).length === 0,
      issuer: commonName(leaf.issuer),
      not_after: validityOf(leaf).notAfter.toISOString(),
    };
  },
});

async function findPair(want: Params, context: Context): Promise<Pair> {
  const roots =
    want.root_file === '' ? undefined : await readControllerFile('root_file', want.root_file, context);
  const { pair, from } = await readSource(want, context);
  const problems = judgePair(pair, { names: want.names, now: new Date(), roots });
  if (problems.length > 0)
    throw new NotYet(
      `the certificate of ${from} is not put in service: ${problems.join('; ')}`,
      'The pair that the server has stays as it is. Look at what the task that orders it said.',
    );
  return pair;
}

async function readSource(want: Params, context: Context): Promise<{ pair: Pair; from: string }> {
  if (want.source_certificate !== '' && want.source_key !== '') {
    const [chain, key] = await Promise.all([
      readControllerFile('source_certificate', want.source_certificate, context),
      readControllerFile('source_key', want.source_key, context),
    ]);
    rememberSecret(key);
    return { pair: { chain, key }, from: want.source_certificate };
  }
  if (want.directory === undefined || want.source_certificate !== '' || want.source_key !== '')
    throw new TaskFailure(
      'give `directory` for a kept certificate, or both `source_certificate` and `source_key`',
    );
  const kept = await readCertificate(context.stateDirectory, {
    directory: want.directory,
    names: want.names,
  });
  if (kept) return { pair: kept.pair, from: kept.folder };
  throw new NotYet(
    `no certificate of ${want.directory} is kept for ${want.names.join(', ')}`,
    'The task acme_certificate orders it; look at what it said.',
  );
}

function fileChanges(want: Params, pair: Pair, there: PairOnHost): Change[] {
  const list: Change[] = [];
  if (there.certificate !== pair.chain)
    list.push({ what: 'certificate', from: describe(there.certificate), to: describe(pair.chain) });
  if (there.keySha256 !== sha256Of(pair.key))
    list.push({
      what: 'key',
      from: there.keySha256 ? 'another key' : null,
      to: 'the key of the certificate',
    });
  return there.keyFile ? [...list, ...attributeChanges(want, there.keyFile)] : list;
}

function servedChanges(pair: Pair, served: Served | undefined): Change[] {
  const wanted = readCertificates(pair.chain)[0]!;
  if (!served || served.fingerprint === wanted.fingerprint256) return [];
  return [{ what: 'served', from: served.text, to: describe(pair.chain) }];
}

function describe(pem: string | undefined): string | null {
  const leaf = readCertificatesIfAny(pem)?.[0];
  if (!leaf) return pem === undefined ? null : 'no certificate';
  return `${subjectOf(leaf)} by ${commonName(leaf.issuer)}, until ${formatTime(validityOf(leaf).notAfter)}`;
}

async function readServed(want: Params, host: HostReader): Promise<Served | undefined> {
  if (want.port === undefined) return undefined;
  const answer = await exchange(host, {
    port: want.port,
    request: clientHello(want.names[0]!),
    proxyProtocol: want.proxy_protocol,
  });
  if (!answer)
    return { listens: false, fingerprint: undefined, text: `nothing listens on port ${want.port}` };
  const chain = servedChain(answer);
  if (typeof chain === 'string') return { listens: true, fingerprint: undefined, text: chain };
  return {
    listens: true,
    fingerprint: chain[0]?.fingerprint256,
    text: describe(chain.map(String).join('\n')) ?? 'no certificate',
  };
}

async function validate(want: Params, host: Host, placed: Placed | undefined): Promise<void> {
  if (want.validate === undefined) return;
  try {
    await host.run(sh`${want.validate.trim().split(/\s+/)}`);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    await placed?.undo();
    throw new TaskFailure(
      `${want.validate} fails with the new certificate, so the old pair is back: ${error.message}`,
    );
  }
}

async function reload(want: Params, pair: Pair, host: Host, placed: Placed | undefined): Promise<void> {
  const command = sh`systemctl reload-or-restart -- ${want.reload!}`;
  let problem: string | undefined;
  try {
    await host.run(command);
    problem = await waitForServed(want, pair, host);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    problem = error.message;
  }
  if (problem === undefined) return;
  await placed?.undo();
  if (placed) await host.run(command, { expect: 'any' });
  throw new TaskFailure(
    `${want.reload} does not serve the new certificate${placed ? ', so the old pair is back' : ''}: ${problem}`,
  );
}

/**
 * What is served instead once patience ends; undefined when it is the pair's certificate. One answer proves nothing:
 * Nginx lets its old workers accept for 100 ms more beside the new ones.
 */
async function waitForServed(want: Params, pair: Pair, host: HostReader): Promise<string | undefined> {
  const end = Date.now() + reloadPatience;
  for (let inARow = 0; ; ) {
    const [change] = servedChanges(pair, await readServed(want, host));
    inARow = change ? 0 : inARow + 1;
    if (inARow === answersInARow || want.port === undefined) return undefined;
    if (Date.now() > end) return `${change?.from ?? 'now the new certificate, now another'}`;
    await sleep(100);
  }
}
