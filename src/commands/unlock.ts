import { useVaultKeys } from '../vault/keyring.ts';
import { readVaultKeys, type VaultSources } from '../vault/passwords.ts';
import { terminal } from './ask.ts';

const none: VaultSources = { vaultIds: [], passwordFiles: [], ask: false };

/**
 * Gets the vault passwords from where the person at the terminal said, so that everything read from now on is
 * decrypted with them. @throws TaskFailure when no source gives a password, though there are some
 */
export async function unlock(sources: VaultSources = none): Promise<void> {
  useVaultKeys(await readVaultKeys(sources, { ask: terminal(), warn: warnVault }));
}

export function warnVault(message: string): void {
  process.stderr.write(`warning: ${message}\n`);
}
