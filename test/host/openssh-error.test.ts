import { describe, expect, it } from 'vitest';
import type { ConnectionSettings } from '../../src/host/connection.ts';
import { opensshError, wasTurnedAway } from '../../src/host/openssh-error.ts';

const settings = { name: 'web1', address: '192.0.2.1', user: 'admin' } as ConnectionSettings;

describe('what ssh says', () => {
  it.each([
    ['Host key verification failed.', 'host-key'],
    [
      '@@@@@@@@\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n@@@@@@@@\nHost key for web1 has changed and you have requested strict checking.\nHost key verification failed.',
      'host-key',
    ],
    ['admin@192.0.2.1: Permission denied (publickey).', 'authentication'],
    ['Received disconnect from 192.0.2.1 port 22:2: Too many authentication failures', 'authentication'],
    ['ssh: connect to host 192.0.2.1 port 22: Connection refused', 'unreachable'],
    ['ssh: Could not resolve hostname web1: Name or service not known', 'unreachable'],
    ['Connection timed out during banner exchange', 'unreachable'],
    ['', 'unreachable'],
  ])('%j', (said, kind) => {
    const error = opensshError(settings, said);
    expect(error.kind).toBe(kind);
    expect(error.message).not.toContain('@@');
    const [last] = said.split('\n').slice(-1);
    expect(error.message).toContain(last);
  });

  it('tells who was turned away at the door from who was not let in', () => {
    expect(wasTurnedAway('kex_exchange_identification: Connection closed by remote host')).toBe(true);
    expect(wasTurnedAway('kex_exchange_identification: read: Connection reset by peer')).toBe(true);
    expect(wasTurnedAway('Connection timed out during banner exchange')).toBe(false);
    expect(wasTurnedAway('admin@192.0.2.1: Permission denied (publickey).')).toBe(false);
  });
});
