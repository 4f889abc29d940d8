import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Answer, AnswerReader, newNonce } from '../../src/host/frames.ts';

const nonce = newNonce();
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((data) => Buffer.from(data)),
  // What looks like a marker for a while is output too.
  fc
    .constantFrom('\n', `\n${nonce}`, `\n${nonce} `, `\n${nonce} 9 0\n`, `\n\n${nonce.slice(0, 5)}`)
    .map(Buffer.from),
);

describe('answers of a shell', () => {
  it('are the same however the stream is cut', () =>
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.array(bytes, { maxLength: 4 }), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
        (steps, cuts) => {
          const answers: Answer[] = [];
          const shown = new Map<number, Buffer>();
          const reader = new AnswerReader(
            (answer) => answers.push(answer),
            (id, part) => shown.set(id, Buffer.concat([shown.get(id) ?? Buffer.alloc(0), part])),
          );
          reader.expect(
            nonce,
            steps.map((_step, id) => id),
          );
          const outputs = steps.map(([parts]) => Buffer.concat(parts));
          const stream = Buffer.concat(
            steps.flatMap(([, code], id) => [
              outputs[id] as Buffer,
              Buffer.from(`\n${nonce} ${id} ${code}\n`),
            ]),
          );
          for (let at = 0, turn = 0; at < stream.length; turn++) {
            const length = cuts[turn % cuts.length] as number;
            reader.push(stream.subarray(at, at + length));
            at += length;
          }
          expect(answers).toEqual(steps.map(([, code], id) => ({ id, code, output: outputs[id] })));
          for (const [id, output] of outputs.entries())
            expect(shown.get(id) ?? Buffer.alloc(0)).toEqual(output);
        },
      ),
    ));

  it('are put together once, however large', () => {
    let copied = 0;
    const concat = Buffer.concat;
    const reader = new AnswerReader(
      () => undefined,
      () => undefined,
    );
    reader.expect(nonce, [0]);
    Buffer.concat = (list, total) => {
      const result = concat(list, total);
      copied += result.length;
      return result;
    };
    try {
      for (let turn = 0; turn < 500; turn++) reader.push(Buffer.alloc(10_000, '\n'));
      reader.push(Buffer.from(`\n${nonce} 0 0\n`));
    } finally {
      Buffer.concat = concat;
    }
    expect(copied).toBeLessThan(2.1 * 500 * 10_000);
  });
});
