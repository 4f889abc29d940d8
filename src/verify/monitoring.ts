import { setTimeout as sleep } from 'node:timers/promises';
import { sh } from '../host/sh.ts';
import { type Finding, finding, type Site, text } from './contract.ts';

/** Longer than any usual scrape interval. */
const scrapePatienceSeconds = 65;

interface Target {
  readonly labels: Readonly<Record<string, string>>;
  readonly scrapeUrl: string;
  readonly health: string;
  readonly lastError: string;
  /** Time of the last scrape; the year 1 when there was none. */
  readonly lastScrape: string;
}

interface RuleGroup {
  readonly name: string;
  readonly rules: readonly { readonly name: string; readonly health: string; readonly lastError?: string }[];
}

/** Every Prometheus target is up and every rule is loaded and evaluates. */
export async function verifyMonitoring(site: Site): Promise<Finding[]> {
  const found = site.group('monitoring').map((host) => [
    finding(site, 'monitoring', host, 'every Prometheus target is up', async () => {
      const activeTargets = await scrapedTargets(site, host);
      const down = activeTargets.filter((target) => target.health !== 'up');
      return {
        kept: activeTargets.length > 0 && down.length === 0,
        seen:
          down.length === 0
            ? `${activeTargets.length} targets up`
            : down.map((target) => `${target.scrapeUrl} ${target.health}: ${target.lastError}`).join('; '),
      };
    }),
    finding(site, 'monitoring', host, 'every rule is loaded', async () => {
      const { groups } = await ask<{ groups: RuleGroup[] }>(site, host, 'rules');
      const rules = groups.flatMap((group) => group.rules);
      const loaded = new Set(rules.map((rule) => rule.name));
      const missing = (await writtenRules(site, host)).filter((name) => !loaded.has(name));
      const broken = rules.filter((rule) => rule.health === 'err');
      return {
        kept: rules.length > 0 && missing.length === 0 && broken.length === 0,
        seen:
          missing.length > 0
            ? `not loaded: ${missing.join(', ')}`
            : broken.length > 0
              ? broken.map((rule) => `${rule.name}: ${rule.lastError ?? ''}`).join('; ')
              : `${rules.length} rules in ${groups.length} groups`,
      };
    }),
  ]);
  return Promise.all(found.flat());
}

/**
 * The targets as scraped after this was asked, where they were not up: an exporter that has just been restarted was
 * down when Prometheus last looked.
 */
async function scrapedTargets(site: Site, host: string): Promise<Target[]> {
  const deadline = performance.now() + scrapePatienceSeconds * 1000;
  const before = new Map<string, string>();
  for (;;) {
    const { activeTargets } = await ask<{ activeTargets: Target[] }>(site, host, 'targets?state=active');
    const stale = activeTargets.filter((target) => {
      const seen = before.get(target.scrapeUrl);
      if (seen === undefined) before.set(target.scrapeUrl, target.lastScrape);
      return target.health !== 'up' && (seen === undefined || seen === target.lastScrape);
    });
    const waiting = activeTargets.length === 0 || stale.length > 0;
    if (!waiting || performance.now() > deadline) return activeTargets;
    await sleep(500);
  }
}

async function ask<T>(site: Site, host: string, path: string): Promise<T> {
  const url = `${text(site, host, 'monitoring_prometheus_url') || 'http://127.0.0.1:9090'}/api/v1/${path}`;
  const { stdout } = await site.reader(host).look(sh`curl -fsS --max-time 10 ${url}`);
  return (JSON.parse(stdout) as { data: T }).data;
}

/** Names of the alerts and records in the rule files on the host. */
async function writtenRules(site: Site, host: string): Promise<string[]> {
  const { stdout } = await site
    .reader(host)
    .look(sh`cat /etc/prometheus/rules/*.y*ml 2>/dev/null`, { expect: 'any' });
  return [...stdout.matchAll(/^\s*-?\s*(?:alert|record):\s*["']?([A-Za-z_:][\w:]*)/gm)].map(
    ([, name = '']) => name,
  );
}
