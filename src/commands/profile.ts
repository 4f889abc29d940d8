import type { Emit } from '../engine/events.ts';
import type { Meter } from '../host/meter.ts';
import type { Profile } from '../profile/contract.ts';
import { profileOf } from '../profile/profile.ts';
import { Recorder } from '../profile/recorder.ts';
import { colors, wantsColor } from '../reporters/colors.ts';
import { profileLines, summary } from '../reporters/profile.ts';
import { keep } from '../state/files.ts';

/** Takes down a run that was asked for with `--profile`. */
export interface Profiling {
  readonly meter: Meter;
  /** Events on their way. */
  seen(emit: Emit): Emit;
  /** Tells where the time went: as text, or in the file that was asked for. */
  tell(): Promise<void>;
}

/** @param target FILE.html, FILE.json, or '' for text */
export function profiling(target: string, stream: NodeJS.WriteStream): Profiling {
  const recorder = new Recorder();
  return {
    meter: recorder,
    seen: (emit) => (event) => {
      recorder.event(event);
      emit(event);
    },
    async tell() {
      const { user, system } = process.cpuUsage();
      const profile = profileOf(recorder.recording(), {
        cpu: (user + system) / 1e6,
        memory: process.resourceUsage().maxRSS * 1024,
      });
      if (target !== '') return write(target, profile, stream);
      const setting = {
        colors: colors(wantsColor(stream)),
        ...(stream.columns && { columns: stream.columns }),
      };
      stream.write(`\n${profileLines(profile, setting).join('\n')}\n`);
    },
  };
}

async function write(file: string, profile: Profile, stream: NodeJS.WriteStream): Promise<void> {
  const text = file.endsWith('.json')
    ? `${JSON.stringify(profile)}\n`
    : (await import('../reporters/profile-page.ts')).profilePage(profile);
  try {
    await keep(file, text, { mode: 0o644 });
  } catch (error) {
    // How the run ended counts for more.
    process.stderr.write(`warning: the profile cannot be written: ${(error as Error).message}\n`);
    return;
  }
  stream.write(`\n${summary(profile)}: ${file}\n`);
}
