import { TaskFailure } from '../../errors.ts';

/** What is at a URL, fetched by this machine. Throws a TaskFailure that says what does without. */
export async function fetchBytes(url: string, hint: string): Promise<Buffer> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(30_000) });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    return Buffer.from(await answer.arrayBuffer());
  } catch (error) {
    const { message, cause } = error as Error;
    throw new TaskFailure(
      `the key ${url} cannot be fetched: ${cause instanceof Error ? cause.message : message}`,
      hint,
    );
  }
}
