import { vi } from 'vitest';

/** What is written to standard output and standard error meanwhile. */
export async function captured<T>(
  run: () => Promise<T>,
): Promise<{ result: T; stdout: string; stderr: string }> {
  const texts = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((chunk) => {
      texts[name] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
      return true;
    }),
  );
  try {
    const result = await run();
    return { result, ...texts };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
