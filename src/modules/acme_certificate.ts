import { posix } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Challenge } from '../certificates/acme.ts';
import { AcmeError } from '../certificates/acme-error.ts';
import { commonName } from '../certificates/judge.ts';
import { keyTypes } from '../certificates/keys.ts';
import { defaultRenewAt, formatTime, renewalDue, validityOf } from '../certificates/lifetime.ts';
import { type Answering, obtainCertificate, tidyUp } from '../certificates/order.ts';
import {
  type KeptCertificate,
  pendingOrder,
  readCertificate,
  type Standing,
  type Subject,
  standing,
} from '../certificates/store.ts';
import { TaskFailure } from '../errors.ts';
import type { Host } from '../host/contract.ts';
import { sh } from '../host/sh.ts';
import { type Change, type Context, state } from './contract.ts';
import { readControllerFile } from './shared/controller-file.ts';
import { exchange, readHttp } from './shared/exchange.ts';
import { ansibleBoolean, ansibleList, hostPath, integer, moduleParams } from './shared/params.ts';

const dnsName = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;

const params = moduleParams({
  names: ansibleList
    .pipe(
      z
        .array(
          z
            .string()
            .toLowerCase()
            .regex(dnsName, 'expected a DNS name; http-01 cannot prove wildcards (RFC 8555 section 8.3)'),
        )
        .min(1)
        .max(100),
    )
    .describe('DNS names of the certificate. Each must lead to the servers of `answer_on` on port 80.'),
  directory: z.url().describe('URL of the ACME directory.'),
  ca_file: z
    .string()
    .default('')
    .describe(
      "Path on the controller of a CA (PEM) that signs the directory's HTTPS; empty = well-known ones.",
    ),
  root_file: z
    .string()
    .default('')
    .describe(
      'Path on the controller of the roots (PEM) that the certificate must chain to; empty = not checked.',
    ),
  email: z.string().default('').describe('Contact of the account; empty = none.'),
  terms_agreed: ansibleBoolean
    .default(false)
    .describe("Whether you agree to the CA's terms of service, which an account needs."),
  webroot: hostPath.describe('Folder on the hosts whose .well-known/acme-challenge/ is answered from.'),
  answer_on: ansibleList
    .pipe(z.array(z.string()))
    .default([])
    .describe(
      'Hosts that must answer the token before the CA is asked to look; empty = the host of the task.',
    ),
  port: integer
    .pipe(z.number().min(1).max(65535))
    .default(80)
    .describe('Port on these hosts at which the token is looked for.'),
  proxy_protocol: ansibleBoolean
    .default(false)
    .describe('Whether that port expects a PROXY protocol header.'),
  key_type: z.enum(keyTypes).default('ec-p256').describe('Kind of the private key.'),
  renew_at: z.coerce
    .number()
    .min(0.1)
    .max(0.95)
    .default(defaultRenewAt)
    .describe('Fraction of its lifetime after which a certificate is renewed.'),
  timeout: integer
    .pipe(z.number().min(1))
    .default(90)
    .describe('Seconds that the CA may take to validate, and again to issue.'),
});
type Params = z.output<typeof params>;

interface State {
  readonly kept: KeptCertificate | undefined;
  readonly standing: Standing;
  /** An interrupted run left an order, and perhaps tokens on the servers. */
  readonly isUnfinished: boolean;
}

/** How long a web server may take to answer a token that was just written. */
const tokenPatience = 10_000;

export default state<Params, State>({
  summary: 'Order and renew a certificate by ACME (http-01) and keep it on the controller.',
  params,
  fleet: true,

  async have(want, _host, context) {
    const [kept, pending, roots] = await Promise.all([
      readCertificate(context.stateDirectory, want),
      pendingOrder.read(context.stateDirectory, want),
      optionalFile('root_file', want.root_file, context),
    ]);
    return {
      kept,
      standing: standing(kept, {
        names: want.names,
        now: new Date(),
        renewAt: want.renew_at,
        keyType: want.key_type,
        roots,
      }),
      isUnfinished: pending !== undefined,
    };
  },

  diff(want, have) {
    const wanted = `${want.names.join(', ')} from ${new URL(want.directory).host}`;
    const list: Change[] = [];
    if (have.standing.state !== 'valid')
      list.push({ what: 'certificate', from: have.standing.reason, to: wanted });
    else if (have.isUnfinished)
      list.push({ what: 'tokens', from: 'left by an interrupted run', to: 'removed' });
    return list;
  },

  async fix(_changes, want, have, host, context) {
    const subject: Subject = { directory: want.directory, names: want.names };
    const answering = answerOn(want, host, context);
    if (have.standing.state === 'valid') return tidyUp(context.stateDirectory, subject, answering);
    const [ca, roots] = await Promise.all([
      optionalFile('ca_file', want.ca_file, context),
      optionalFile('root_file', want.root_file, context),
    ]);
    try {
      await obtainCertificate(
        {
          ...subject,
          stateDirectory: context.stateDirectory,
          ca,
          roots,
          email: want.email === '' ? undefined : want.email,
          termsAgreed: want.terms_agreed,
          keyType: want.key_type,
          renewAt: want.renew_at,
          patience: want.timeout * 1000,
        },
        answering,
      );
    } catch (error) {
      throw explain(error, have);
    }
    // Answers of tls_pair that were read ahead are stale now, though a CA that asked nothing let no host be written to.
    await host.run(sh`:`);
  },

  result(want, { kept }) {
    if (!kept) return {};
    const validity = validityOf(kept.certificate);
    return {
      names: want.names,
      issuer: commonName(kept.certificate.issuer),
      not_before: validity.notBefore.toISOString(),
      not_after: validity.notAfter.toISOString(),
      renew_after: renewalDue(validity, want.renew_at).toISOString(),
    };
  },
});

async function optionalFile(parameter: string, path: string, context: Context): Promise<string | undefined> {
  return path === '' ? undefined : readControllerFile(parameter, path, context);
}

function answerOn(want: Params, host: Host, context: Context): Answering {
  const folder = posix.join(want.webroot, '.well-known/acme-challenge');
  const servers = want.answer_on.length > 0 ? want.answer_on.map((name) => peerOf(host, name)) : [host];
  return {
    say: context.say,
    async publish(challenges) {
      context.say(`putting the token on ${servers.map(({ name }) => name).join(', ')}`);
      await Promise.all(
        servers.map(async (server) => {
          await server.run(sh`umask 022 && mkdir -p -- ${folder}`);
          for (const { token, answer } of challenges)
            await server.write(posix.join(folder, token), answer, { mode: 0o644 });
          for (const challenge of challenges) await waitForAnswer(want, server, challenge);
        }),
      );
    },
    async withdraw(tokens) {
      const files = tokens.map((token) => posix.join(folder, token));
      if (files.length === 0) return;
      await Promise.all(servers.map((server) => server.run(sh`rm -f -- ${files}`)));
    },
  };
}

function peerOf(host: Host, name: string): Host {
  return name === host.name ? host : host.peer(name);
}

async function waitForAnswer(want: Params, server: Host, challenge: Challenge): Promise<void> {
  const path = `/.well-known/acme-challenge/${challenge.token}`;
  const end = Date.now() + tokenPatience;
  for (;;) {
    const answer = await exchange(server, {
      port: want.port,
      request: `GET ${path} HTTP/1.0\r\nHost: ${challenge.name}\r\nConnection: close\r\n\r\n`,
      proxyProtocol: want.proxy_protocol,
    });
    const http = answer && readHttp(answer);
    if (http?.status === 200 && http.body.trimEnd() === challenge.answer) return;
    if (Date.now() > end) {
      const got = !answer
        ? `nothing listens on port ${want.port}`
        : http
          ? `status ${http.status}`
          : 'no HTTP answer';
      throw new TaskFailure(
        `${server.name} does not answer the token for ${challenge.name} (${got}), so the CA was not asked to look`,
        `It must serve http://${challenge.name}${path} from ${want.webroot}.`,
      );
    }
    await sleep(300);
  }
}

/** Words a failed order: what failed, what stays in service, what to do next. */
function explain(error: unknown, { kept, standing: before }: State): unknown {
  if (!(error instanceof AcmeError || error instanceof TaskFailure)) return error;
  const isServed = kept && (before.state === 'due' || before.state === 'valid');
  const service = isServed
    ? `. The kept certificate stays in service until ${formatTime(validityOf(kept.certificate).notAfter)}`
    : '';
  const hint = error instanceof TaskFailure ? error.hint : hints[error.type];
  return new TaskFailure(`${error.message}${service}`, hint);
}

const hints: Readonly<Record<string, string>> = {
  rateLimited: 'Nothing is wrong here: run it again after that time.',
  unreachable: "Check the directory's URL and the controller's network, then run it again.",
  untrusted: "Name the CA that signs the directory's HTTPS in ca_file.",
  userActionRequired: 'Read them, then set terms_agreed.',
  orderInvalid:
    "Check that the names' DNS records lead to the balancer and that its port 80 reaches every server of answer_on. " +
    "Let's Encrypt allows five failed validations a name and hour.",
  badNonce: 'The CA refused too many nonces in a row: run it again.',
  unfinished: 'The order is kept: run it again to take it up where it stands.',
};
