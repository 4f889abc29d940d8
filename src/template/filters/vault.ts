import { TaskFailure } from '../../errors.ts';
import { open, seal } from '../../vault/cipher.ts';
import { isEncrypted, parseEnvelope } from '../../vault/format.ts';
import { rememberText } from '../../vault/remember.ts';
import { type Filters, filter } from '../environment.ts';
import { typeName } from '../python.ts';

function needsText(value: unknown, what: string): string {
  if (typeof value === 'string') return value;
  throw new TaskFailure(`${what} must be a text, not ${typeName(value)}`);
}

/** Ansible's filters that encrypt and decrypt with a password of their own. */
export const vault: Filters = {
  vault: filter(
    ['secret', 'salt', 'vault_id', 'wrap_object'],
    (value, [secret, salt, id = 'filter_default']) => {
      const password = Buffer.from(needsText(secret, 'the password of vault'));
      const given = salt === undefined || salt === null ? {} : { salt: Buffer.from(needsText(salt, 'salt')) };
      return seal(
        Buffer.from(needsText(value, 'what vault encrypts')),
        password,
        needsText(id, 'vault_id'),
        given.salt,
      );
    },
  ),
  unvault: filter(['secret', 'vault_id'], (value, [secret]) => {
    const password = Buffer.from(needsText(secret, 'the password of unvault'));
    const given = needsText(value, 'what unvault decrypts');
    if (!isEncrypted(given)) return given;
    const envelope = parseEnvelope(given);
    const content = envelope && open(envelope, password);
    if (!content) throw new TaskFailure('unvault cannot decrypt it: the password does not fit');
    rememberText(content.toString());
    return content.toString();
  }),
};
