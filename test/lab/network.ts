import { foobar, type Lab } from './support.ts';

/** What `foobar verify --network` finds otherwise than the flows say, sorted. */
export async function networkDifferences(lab: Lab) {
  const { code, stderr, events } = await foobar('verify', lab.inventory, '--network');
  const told = events as unknown as { readonly event: string; readonly message: string }[];
  const found = told.filter(({ event }) => event === 'difference').map(({ message }) => message);
  return { code, stderr, found: found.sort() };
}
