import { describe, expect, it } from 'vitest';
import { panelQueries, readDashboards } from './dashboards.ts';

describe.each(readDashboards())('the dashboard $title', (dashboard) => {
  const shown = dashboard.panels.filter(({ type }) => type !== 'row');

  it('is found by its uid, which is its file name', () => {
    expect(`${dashboard.uid}.json`).toBe(`foobar-${dashboard.file}`);
  });

  it('gives every panel an id, a title and the provisioned data source', () => {
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    for (const panel of shown) {
      expect(panel.title).not.toBe('');
      expect(panel.datasource?.uid).toBe('foobar-prometheus');
      expect(panel.targets?.length).toBeGreaterThan(0);
    }
  });

  it('lays panels side by side, never one over another', () => {
    for (const one of dashboard.panels) {
      expect(one.gridPos.x + one.gridPos.w).toBeLessThanOrEqual(24);
      for (const other of dashboard.panels) {
        if (one.id >= other.id) continue;
        const [a, b] = [one.gridPos, other.gridPos];
        const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
        expect(apart, `${one.title} and ${other.title}`).toBe(true);
      }
    }
  });

  it('uses no variable that it does not have', () => {
    const own = dashboard.templating.list.map(({ name }) => name);
    const used = JSON.stringify(dashboard.panels).match(/\$([a-z][a-z_]*)/g) ?? [];
    expect(new Set(used.map((name) => name.slice(1)))).toEqual(new Set(own));
  });
});

it('fills in every variable of the queries that are tested in the lab', () => {
  expect(panelQueries().filter(({ expr }) => expr.includes('$'))).toEqual([]);
});
