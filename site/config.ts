import { readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';

/** One MySQL server of the site. `name` is the name that its certificate must carry. */
export interface DatabaseServer {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

export interface Config {
  /** Name of this web server, shown on the page. */
  readonly server: string;
  /** Used when systemd hands over no socket. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly database: {
    readonly servers: readonly DatabaseServer[];
    readonly user: string;
    readonly password: string;
    readonly name: string;
    /** Certificate authority that signs the servers' certificates, PEM. */
    readonly ca: string;
  };
}

/**
 * Reads the configuration. It holds the password, so systemd hands it over as a credential
 * (systemd.exec(5), LoadCredential=); `path` is for running the site by hand.
 */
export function readConfig(
  path: string | undefined,
  credentials = process.env.CREDENTIALS_DIRECTORY,
): Config {
  const file = path ?? (credentials ? join(credentials, 'config.json') : undefined);
  if (!file)
    throw new Error('no configuration: give its path, or start the site as a unit with LoadCredential=');
  const folder = join(file, '..');
  return parseConfig(readFileSync(file, 'utf8'), (name) =>
    readFileSync(isAbsolute(name) ? name : join(folder, name), 'utf8'),
  );
}

/** Checks the text of a configuration. `readCa` reads the file that `database.ca_file` names. */
export function parseConfig(text: string, readCa: (file: string) => string): Config {
  const root = record(JSON.parse(text), 'the configuration');
  const listen = record(root.listen, 'listen');
  const database = record(root.database, 'database');
  if (!Array.isArray(database.servers) || database.servers.length === 0)
    throw new Error('database.servers: expected a list with at least one server');
  const servers = database.servers.map((item: unknown, index) => {
    const where = `database.servers[${index}]`;
    const server = record(item, where);
    return {
      name: word(server.name, `${where}.name`),
      address: word(server.address, `${where}.address`),
      port: port(server.port ?? 3306, `${where}.port`),
    };
  });
  return {
    server: word(root.server, 'server'),
    listen: { host: word(listen.host, 'listen.host'), port: port(listen.port, 'listen.port') },
    database: {
      servers,
      user: word(database.user, 'database.user'),
      password: word(database.password, 'database.password'),
      name: word(database.name, 'database.name'),
      ca: certificate(readCa(word(database.ca_file, 'database.ca_file')), 'database.ca_file'),
    },
  };
}

function record(value: unknown, where: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${where}: expected an object`);
  return value as Record<string, unknown>;
}

function word(value: unknown, where: string): string {
  if (typeof value !== 'string' || value === '')
    throw new Error(`${where}: expected a text that is not empty`);
  return value;
}

function certificate(pem: string, where: string): string {
  if (!pem.includes('-----BEGIN CERTIFICATE-----'))
    throw new Error(`${where}: the file holds no certificate`);
  return pem;
}

function port(value: unknown, where: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 0 || number > 65_535)
    throw new Error(`${where}: expected a port number, got ${JSON.stringify(value)}`);
  return number;
}
