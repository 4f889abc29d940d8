import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/engine/events.ts';
import { Recorder } from '../../src/profile/recorder.ts';

/** A recorder whose clock stands until it is set. */
function setUp() {
  const clock = { now: 0 };
  return { clock, recorder: new Recorder(() => clock.now) };
}

function ended(host: string, seconds: number, more: object = {}): RunEvent {
  const place = { file: '/elsewhere/site.yaml', line: 3, column: 1 };
  const known = { task: 'copy it', module: 'copy', place, status: 'changed', handler: false } as const;
  return { event: 'task', host, ...known, seconds, ...more };
}

describe('a recorder', () => {
  it('knows when a task began, when it began to change something, and when it ended', () => {
    const { clock, recorder } = setUp();
    clock.now = 2;
    recorder.event({ event: 'begin', host: 'a', task: 'copy it', module: 'copy' });
    clock.now = 5;
    recorder.event(ended('a', 4));
    recorder.event(ended('b', 1, { status: 'failed' }));
    recorder.event(ended('c', 1, { status: 'failed', ignored: true }));
    expect(recorder.recording().tasks).toMatchObject([
      { host: 'a', from: 1, fix: 2, to: 5, stops: false, place: '/elsewhere/site.yaml:3' },
      { host: 'b', from: 4, to: 5, stops: true },
      { host: 'c', stops: false },
    ]);
    expect(recorder.recording().tasks[1]).not.toHaveProperty('fix');
  });

  it('lets what is under way end now: the run was interrupted', async () => {
    const { clock, recorder } = setUp();
    clock.now = 1;
    recorder.event({ event: 'begin', host: 'a', task: 'copy it', module: 'copy' });
    recorder.opening('b', new Promise(() => {}));
    clock.now = 3;
    const { tasks, openings } = recorder.recording();
    expect(tasks).toMatchObject([
      { host: 'a', task: 'copy it', from: 1, fix: 1, to: 3, status: 'under way' },
    ]);
    expect(openings).toEqual([{ host: 'b', from: 1, to: 3 }]);
  });

  it('takes down how long it took to open a shell, or to fail to', async () => {
    const { clock, recorder } = setUp();
    let open = (): void => {};
    let refuse = (): void => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    const refused = new Promise<void>((_resolve, reject) => {
      refuse = () => reject(new Error('refused'));
    });
    recorder.opening('a', opened);
    recorder.opening('a', refused);
    clock.now = 1;
    open();
    await opened;
    clock.now = 2;
    refuse();
    await refused.catch(() => {});
    clock.now = 9;
    expect(recorder.recording().openings.map(({ to }) => to)).toEqual([1, 2]);
  });

  it('counts as round trips only frames that were sent after an answer, over all shells of a host', () => {
    const { recorder } = setUp();
    const root = recorder.shell('a');
    const user = recorder.shell('a');
    root.sent(100, [
      { id: 1, what: 'read stat' },
      { id: 2, what: 'write' },
    ]);
    user.sent(10, [{ id: 1 }]);
    root.sent(10, [{ id: 3 }]);
    root.answered(1, 7);
    user.sent(10, [{ id: 2 }]);
    user.answered(1, 0);
    root.answered(2, 3);
    user.answered(2, 0);
    root.answered(3, 0);
    root.sent(10, [{ id: 4 }]);
    expect(recorder.recording().wires.get('a')).toEqual({ frames: 5, trips: 3, sent: 140, received: 10 });
  });

  it('gives a step the time from the answer before it to its own', () => {
    const { clock, recorder } = setUp();
    const shell = recorder.shell('a');
    shell.sent(1, [
      { id: 1, what: 'read stat' },
      { id: 2, what: 'write' },
    ]);
    clock.now = 2;
    shell.answered(1, 0);
    clock.now = 6;
    shell.answered(2, 0);
    clock.now = 8;
    shell.sent(1, [{ id: 3 }]);
    clock.now = 9;
    shell.answered(3, 0);
    expect(recorder.recording().steps).toEqual([
      { host: 'a', what: 'read stat', from: 0, to: 2 },
      { host: 'a', what: 'write', from: 2, to: 6 },
      { host: 'a', what: 'shell', from: 8, to: 9 },
    ]);
  });
});
