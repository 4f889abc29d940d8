/** A line of /proc/net/tcp or tcp6, as proc(5) describes it. */
export interface Socket {
  /** IPv4 in dots, also when it came mapped into IPv6; else 32 hexadecimal digits. */
  readonly address: string;
  readonly port: number;
  /** Address of the other end. */
  readonly peer: string;
  readonly state: string;
}

/** enum in include/net/tcp_states.h, from 1. */
const states = [
  'ESTABLISHED',
  'SYN_SENT',
  'SYN_RECV',
  'FIN_WAIT1',
  'FIN_WAIT2',
  'TIME_WAIT',
  'CLOSE',
  'CLOSE_WAIT',
  'LAST_ACK',
  'LISTEN',
  'CLOSING',
];

/** Reads what /proc/net/tcp and /proc/net/tcp6 hold, headers included, one after the other. */
export function parseSockets(text: string): Socket[] {
  return text.split('\n').flatMap((line) => {
    const found =
      /^\s*\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) ([0-9A-F]{8}|[0-9A-F]{32}):[0-9A-F]{4} ([0-9A-F]{2}) /.exec(
        line,
      );
    if (found === null) return [];
    return [
      {
        address: readAddress(found[1]!),
        port: Number.parseInt(found[2]!, 16),
        peer: readAddress(found[3]!),
        state: states[Number.parseInt(found[4]!, 16) - 1] ?? 'UNKNOWN',
      },
    ];
  });
}

/** Each word of an address is in the byte order of the machine: little-endian wherever Debian runs for servers. */
function readAddress(digits: string): string {
  const mapped = digits.startsWith('0000000000000000FFFF0000');
  if (digits.length === 32 && !mapped) return digits;
  const word = digits.slice(-8);
  return [6, 4, 2, 0].map((at) => Number.parseInt(word.slice(at, at + 2), 16)).join('.');
}
