import { type Configuration, readConfiguration } from '../config/configuration.ts';
import { useVaultKeys, type VaultKey } from '../vault/keyring.ts';
import { readVaultKeys, type VaultSources } from '../vault/passwords.ts';
import { terminal } from './ask.ts';
import { configuredVault } from './configured.ts';

const none: VaultSources = { vaultIds: [], passwordFiles: [], ask: false };

/**
 * Gets the vault passwords from where the person at the terminal said, so that everything read from now on is
 * decrypted with them. @throws TaskFailure when no source gives a password, though there are some
 */
export async function unlock(sources: VaultSources = none, configuration?: Configuration): Promise<void> {
  useVaultKeys(await vaultKeys(sources, false, configuration));
}

/**
 * The vault passwords that the command line and the configuration name.
 * @param fresh they are to encrypt with
 */
export async function vaultKeys(
  given: VaultSources,
  fresh = false,
  configuration = readConfiguration(),
): Promise<VaultKey[]> {
  const { sources, environment } = configuredVault(given, configuration);
  const asking = {
    // Looking for a terminal takes Node 5 ms, and few are asked.
    get ask() {
      return terminal();
    },
    fresh,
    warn: warnVault,
  };
  return readVaultKeys(sources, asking, environment);
}

export function warnVault(message: string): void {
  process.stderr.write(`warning: ${message}\n`);
}
