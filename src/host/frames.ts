import { randomBytes } from 'node:crypto';

/**
 * The loop that a host's long-lived shell runs. Each frame is a line with the frame's length in bytes, then that
 * many bytes of shell. `head -c` never reads past its count, so frames can be written without waiting for answers.
 */
export const frameLoop = [
  'export LC_ALL=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  'umask 022',
  'while IFS= read -r length; do eval "$(head -c "$length")"; done',
].join('\n');

/** One step of a frame: shell that runs in a subshell of its own, or, when `inline`, in the loop's shell itself. */
export interface Step {
  readonly id: number;
  readonly script: string;
  readonly inline?: boolean;
  /** `write`, or for a Meter `read NAME`. */
  readonly what?: string | undefined;
}

/** Where a host locked by a run says what its shell is at: its process, boot, frame, step, and the exit code once it is there. */
export const stepFile = '/var/lib/foobar/step';

/** A marker that no program on the host can know before it is printed. */
export function newNonce(): string {
  return randomBytes(18).toString('base64url');
}

/**
 * The bytes to send for some steps. After each step the marker, its id and exit code go to standard output and to
 * standard error, so both streams can be cut into answers without any temporary file on the host.
 * A step finds the exit code of the one before it in $foobar_code.
 * Steps do not inherit the lock (descriptor 9): what they leave running must not hold it.
 * @param recorded whether the host notes when its writes begin and end, for whoever loses the connection meanwhile
 */
export function encodeFrame(nonce: string, steps: readonly Step[], recorded = false): Buffer {
  const noted = (step: Step): boolean => recorded && step.what === 'write';
  const lines = [
    `N=${nonce}`,
    ...(steps.some(noted)
      ? [
          '{ read -r foobar_boot </proc/sys/kernel/random/boot_id; } 2>/dev/null',
          `foobar_note() { { echo "$$ $foobar_boot $N $*" >${stepFile}; } 2>/dev/null; }`,
        ]
      : []),
    `e() { foobar_code=$?; [ -z "$2" ] || foobar_note "$1" "$foobar_code"; printf '\\n%s %s %s\\n' "$N" "$1" "$foobar_code"; printf '\\n%s %s %s\\n' "$N" "$1" "$foobar_code" >&2; }`,
    ...steps.flatMap((step) => {
      const body = step.inline ? `{\n${step.script}\n} </dev/null` : `(\n${step.script}\n) </dev/null 9>&-`;
      return noted(step) ? [`foobar_note ${step.id}`, body, `e ${step.id} noted`] : [body, `e ${step.id}`];
    }),
  ];
  const body = Buffer.from(`${lines.join('\n')}\n`);
  return Buffer.concat([Buffer.from(`${body.length}\n`), body]);
}

export interface Answer {
  readonly id: number;
  readonly code: number;
  readonly output: Buffer;
}

/**
 * Cuts one of the two streams into answers. The nonce of each frame is told to it in the order of sending.
 * `partial` sees the bytes of the step under way as they come, never a part of a marker; `lineEnded`
 * is told of a newline before it is known whether it is output or the marker's.
 */
export class AnswerReader {
  /** Of the step under way: what is surely its output. */
  private pieces: Buffer[] = [];
  /** What came behind that and may be the beginning of a marker. */
  private rest: Buffer = Buffer.alloc(0);
  private readonly expected: { nonce: string; id: number }[] = [];
  private readonly answered: (answer: Answer) => void;
  private readonly partial: (id: number, bytes: Buffer) => void;

  private readonly lineEnded: (id: number) => void;

  constructor(
    answered: (answer: Answer) => void,
    partial: (id: number, bytes: Buffer) => void,
    lineEnded: (id: number) => void = () => {},
  ) {
    this.answered = answered;
    this.partial = partial;
    this.lineEnded = lineEnded;
  }

  expect(nonce: string, ids: readonly number[]): void {
    for (const id of ids) this.expected.push({ nonce, id });
  }

  push(chunk: Buffer): void {
    this.rest = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    for (;;) {
      const next = this.expected[0];
      if (!next) return;
      const marker = Buffer.from(`\n${next.nonce} ${next.id} `);
      const at = this.rest.indexOf(marker);
      const end = at < 0 ? -1 : this.rest.indexOf(0x0a, at + marker.length);
      const code = end < 0 ? undefined : Number(this.rest.toString('latin1', at + marker.length, end));
      this.take(next.id, at < 0 ? this.rest.length - begun(this.rest, marker) : at);
      // A newline that may begin the marker ends the line before it in any case.
      if (this.rest[0] === 0x0a) this.lineEnded(next.id);
      if (code === undefined) return;
      this.expected.shift();
      const output = Buffer.concat(this.pieces);
      this.pieces = [];
      this.rest = this.rest.subarray(end + 1 - at);
      this.answered({ id: next.id, code, output });
    }
  }

  private take(id: number, length: number): void {
    if (length === 0) return;
    const bytes = this.rest.subarray(0, length);
    this.rest = this.rest.subarray(length);
    this.pieces.push(bytes);
    this.partial(id, bytes);
  }
}

/** How many bytes at the end may be the beginning of the marker. */
function begun(buffered: Buffer, marker: Buffer): number {
  let length = Math.min(buffered.length, marker.length);
  while (length > 0 && !buffered.subarray(-length).equals(marker.subarray(0, length))) length -= 1;
  return length;
}
