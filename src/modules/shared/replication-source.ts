import { ansibleBoolean, integer, text } from './params.ts';

/** Options of CHANGE REPLICATION SOURCE TO: `primary_host` is SOURCE_HOST or MASTER_HOST. In the order of Ansible's. */
export const sourceOptions = {
  primary_host: text
    .optional()
    .describe('Server to follow.')
    .meta({ aliases: ['master_host'] }),
  primary_user: text
    .optional()
    .describe('Account to log in with there.')
    .meta({ aliases: ['master_user'] }),
  primary_password: text
    .optional()
    .describe('Its password.')
    .meta({ aliases: ['master_password'] }),
  primary_port: integer
    .optional()
    .describe('TCP port there.')
    .meta({ aliases: ['master_port'] }),
  primary_connect_retry: integer
    .optional()
    .describe('Seconds between attempts to connect.')
    .meta({ aliases: ['master_connect_retry'] }),
  primary_log_file: text
    .optional()
    .describe('Binary log to go on with.')
    .meta({ aliases: ['master_log_file'] }),
  primary_log_pos: integer
    .optional()
    .describe('Position in it.')
    .meta({ aliases: ['master_log_pos'] }),
  primary_delay: integer
    .optional()
    .describe('Seconds to stay behind on purpose.')
    .meta({ aliases: ['master_delay'] }),
  primary_ssl: ansibleBoolean
    .optional()
    .describe('Connect with TLS.')
    .meta({ aliases: ['master_ssl'] }),
  primary_ssl_ca: text
    .optional()
    .describe('File with the authority that must have signed its certificate.')
    .meta({ aliases: ['master_ssl_ca'] }),
  primary_ssl_capath: text
    .optional()
    .describe('Directory with such authorities.')
    .meta({ aliases: ['master_ssl_capath'] }),
  primary_ssl_cert: text
    .optional()
    .describe('File with the certificate to show.')
    .meta({ aliases: ['master_ssl_cert'] }),
  primary_ssl_key: text
    .optional()
    .describe('File with its private key.')
    .meta({ aliases: ['master_ssl_key'] }),
  primary_ssl_cipher: text
    .optional()
    .describe('Ciphers that are allowed, with colons.')
    .meta({ aliases: ['master_ssl_cipher'] }),
  primary_ssl_verify_server_cert: ansibleBoolean
    .optional()
    .describe("Whether the server's certificate must have its name."),
  primary_auto_position: ansibleBoolean
    .default(false)
    .describe('Go on by GTID.')
    .meta({ aliases: ['master_auto_position'] }),
};
