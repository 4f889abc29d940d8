import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Answer, contentSecurityPolicy, escapeHtml, renderPage } from '../../site/page.ts';
import { uuid7 } from '../../site/visits.ts';

const id = '01a20692-f624-73ab-b38e-db3eb37f5da9';
const good: Answer = {
  server: 'server2',
  client: '2001:db8::7',
  wrote: { ok: true, id, server: 'server1', gtid: undefined },
  read: {
    server: 'server3',
    role: 'replica',
    arrived: true,
    visits: [{ id, at: new Date('2026-08-01T10:20:30.456Z'), web: '<b>', written: 'server1' }],
  },
};

describe('the page', () => {
  it('says who answered, what was written where and what was read from where', () => {
    const html = renderPage(good);
    expect(html).toContain('This page came from <em>server2</em>');
    expect(html).toMatch(/wrote to<\/small><b>server1</);
    expect(html).toMatch(/read from<\/small><b>server3<\/b><small>a replica, your visit had arrived/);
    expect(html).toContain(
      '<tr class="mine"><td><time datetime="2026-08-01T10:20:30.456Z">2026-08-01 10:20:30</time>',
    );
  });

  it('shows no row as its own when nothing was written', () => {
    const html = renderPage({
      ...good,
      wrote: { ok: false, reason: 'no database server takes writes just now' },
    });
    expect(html).not.toContain('class="mine"');
    expect(html).toContain('no database server takes writes just now');
  });

  it('stays whole when nothing can be read', () => {
    const html = renderPage({ ...good, read: { server: undefined, reason: 'no database server answers' } });
    expect(html).not.toContain('<table>');
    expect(html).toContain('</html>');
  });

  it('escapes what it shows', () => {
    expect(renderPage(good)).toContain('<td>&lt;b&gt;</td>');
    expect(escapeHtml(`<&>"'`)).toBe('&lt;&amp;&gt;&quot;&#39;');
  });

  it('allows exactly its own style sheet', () => {
    const style = /<style>([\s\S]*?)<\/style>/.exec(renderPage(good))?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(contentSecurityPolicy).toContain(`style-src 'sha256-${hash}'`);
  });
});

describe('the id of a visit', () => {
  it('is a version 7 UUID that begins with the time (RFC 9562, appendix A.6)', () => {
    const random = Buffer.from('0cc318c4dc0c0c07398f', 'hex');
    expect(uuid7(0x017f22e279b0, random)).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f');
  });

  it('sorts by time', () => {
    expect(uuid7(1_000) < uuid7(1_001)).toBe(true);
  });
});
