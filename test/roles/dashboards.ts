import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '../../playbooks/roles/monitoring/files/dashboards');

export interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly datasource?: { readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly refId: string }[];
}

export interface Dashboard {
  readonly file: string;
  readonly uid: string;
  readonly title: string;
  readonly templating: { readonly list: readonly { readonly name: string }[] };
  readonly panels: readonly Panel[];
}

/** All dashboards that the role monitoring provisions. */
export function readDashboards(): Dashboard[] {
  return readdirSync(folder)
    .sort()
    .map((file) => ({ file, ...JSON.parse(readFileSync(join(folder, file), 'utf8')) }));
}

/** Every query of every panel, with Grafana's variables as Grafana would fill them in for all hosts. */
export function panelQueries(): { dashboard: string; panel: string; expr: string }[] {
  return readDashboards().flatMap((dashboard) =>
    dashboard.panels.flatMap((panel) =>
      (panel.targets ?? []).map(({ expr }) => ({
        dashboard: dashboard.title,
        panel: panel.title,
        expr: expr.replaceAll('$__rate_interval', '1m').replaceAll('$host', '.*'),
      })),
    ),
  );
}
