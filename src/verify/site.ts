import { sh } from '../host/sh.ts';
import { type Finding, finding, type Site, text } from './contract.ts';
import { type HttpsAnswer, httpsGet } from './probe.ts';

/** Requests made through the balancer for each web server, so that each has its turn though others visit too. */
const requestsForEach = 4;

/** HTTPS through each balancer address reaches each web server with a valid chain. */
export async function verifySite(site: Site): Promise<Finding[]> {
  const web = site.group('web');
  const balancers = site.group('balancer');
  const found = await Promise.all(
    balancers.flatMap((balancer) => {
      const addresses = [text(site, balancer, 'address'), text(site, balancer, 'address6')].filter(Boolean);
      return addresses.map((address) => throughBalancer(site, balancer, address, web));
    }),
  );
  return found.flat();
}

async function throughBalancer(
  site: Site,
  balancer: string,
  address: string,
  web: readonly string[],
): Promise<Finding[]> {
  const name = text(site, balancer, 'site_name');
  const caFile = text(site, balancer, 'site_ca_file');
  const results = await Promise.allSettled(
    Array.from({ length: requestsForEach * web.length }, () => httpsGet(address, name, '/', caFile)),
  );
  const answers = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failures = results.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : []));
  const valid: Finding = {
    part: 'site',
    host: balancer,
    promise: `https://${name} at ${address} with a valid chain`,
    kept: failures.length === 0 && answers.every((answer) => answer.status === 200),
    seen: failures[0] ?? summary(answers),
  };
  return [valid, ...web.map((server) => served(server, address, answers))];
}

function summary(answers: readonly HttpsAnswer[]): string {
  const statuses = [...new Set(answers.map((answer) => answer.status))].join(', ');
  const certificate = answers[0]?.certificate;
  return `${answers.length} answers, status ${statuses}, certificate valid to ${certificate?.valid_to ?? 'unknown'}`;
}

function served(server: string, address: string, answers: readonly HttpsAnswer[]): Finding {
  const count = answers.filter((answer) => answer.servedBy === server).length;
  return {
    part: 'site',
    host: server,
    promise: `serves visitors who come through ${address}`,
    kept: count > 0,
    seen: `${count} of ${answers.length} answers`,
  };
}

/** TLS passes through the balancer: it holds no private key, and shows the web servers' own certificate. */
export async function verifyPassThrough(site: Site): Promise<Finding[]> {
  return Promise.all(
    site.group('balancer').flatMap((balancer) => [
      finding(site, 'balancer', balancer, 'holds no key of the site', async () => {
        const name = text(site, balancer, 'site_name');
        const answer = await httpsGet(
          text(site, balancer, 'address'),
          name,
          text(site, balancer, 'app_health_path') || '/',
          text(site, balancer, 'site_ca_file'),
        );
        const keys = await privateKeys(site, balancer);
        return {
          kept: keys.length === 0,
          seen:
            keys.length === 0
              ? `none found; visitors see ${answer.fingerprint.slice(0, 23)}...`
              : keys.join(', '),
        };
      }),
    ]),
  );
}

/** Files with a private key that is not sshd's own, in the folders where services keep theirs. */
async function privateKeys(site: Site, host: string): Promise<string[]> {
  const output = await site
    .reader(host)
    .look(
      sh`grep -rlsE ${'^-----BEGIN (EC |RSA |ENCRYPTED )?PRIVATE KEY-----'} /etc /srv /opt /root /home /usr/local /var/lib --exclude-dir=dpkg --exclude=ssl-cert-snakeoil.key`,
      { expect: 'any' },
    );
  return output.stdout.split('\n').filter(Boolean);
}
