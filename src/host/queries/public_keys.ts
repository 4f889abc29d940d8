import type { Query } from '../contract.ts';
import { sh } from '../sh.ts';

const separator = '=== foobar ===';

/**
 * The public half of a private key file (PEM): empty when it is damaged or not there, undefined where there is no
 * openssl.
 */
export const publicKeys: Query<string, string | undefined> = {
  name: 'publicKeys',
  key: (path) => path,

  script: (paths) => sh`command -v openssl >/dev/null || { echo absent; exit 0; }
for f in ${paths}; do
openssl pkey -in "$f" -passin pass: -pubout 2>/dev/null
echo ${separator}
done`,

  parse(stdout, paths) {
    const text = stdout.toString('utf8');
    if (text === 'absent\n') return paths.map(() => undefined);
    const keys = text.split(`${separator}\n`).slice(0, -1);
    if (keys.length !== paths.length) throw new Error(`read ${keys.length} of ${paths.length} keys`);
    return keys;
  },
};
