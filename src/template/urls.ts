/** The parts of a URL as Python's urlsplit cuts it, which takes any text. */
export interface UrlParts {
  readonly scheme: string;
  readonly netloc: string;
  readonly path: string;
  readonly query: string;
  readonly fragment: string;
}

export function splitUrl(url: string): UrlParts {
  let rest = url.replace(/^[\0-\x20]+/, '').replace(/[\t\n\r]/g, '');
  const scheme = /^([a-zA-Z][a-zA-Z\d+.-]*):/.exec(rest)?.[1] ?? '';
  if (scheme) rest = rest.slice(scheme.length + 1);
  let netloc = '';
  if (rest.startsWith('//')) {
    netloc = /^\/\/([^/?#]*)/.exec(rest)![1]!;
    rest = rest.slice(netloc.length + 2);
  }
  const [, path = '', query = '', fragment = ''] = /^([^?#]*)(?:\?([^#]*))?(?:#([\s\S]*))?$/.exec(rest) ?? [];
  return { scheme: scheme.toLowerCase(), netloc, path, query, fragment };
}

export interface HostParts {
  readonly username: string | null;
  readonly password: string | null;
  readonly hostname: string | null;
  readonly port: string | null;
}

/** Who and where, of `user:password@host:port`. */
export function splitHost(netloc: string): HostParts {
  const at = netloc.lastIndexOf('@');
  const user = at < 0 ? undefined : netloc.slice(0, at);
  const [, host = '', port] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(netloc.slice(at + 1)) ?? [];
  const colon = user?.indexOf(':') ?? -1;
  return {
    username: user === undefined ? null : colon < 0 ? user : user.slice(0, colon),
    password: user === undefined || colon < 0 ? null : user.slice(colon + 1),
    hostname: host === '' ? null : host.replace(/^\[|\]$/g, '').toLowerCase(),
    port: port === undefined || port === '' ? null : port,
  };
}
