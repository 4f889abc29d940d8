import { randomBytes, X509Certificate } from 'node:crypto';

/**
 * What a TLS 1.2 client says first, followed by an alert that ends the handshake. Up to version 1.2 a server sends its
 * certificate in the clear (RFC 5246 section 7.4.2), so its answer shows what it serves without any TLS on our side.
 */
export function clientHello(serverName: string): Buffer {
  const name = Buffer.from(serverName, 'ascii');
  const extensions = Buffer.concat([
    extension(0, sized(2, Buffer.concat([Buffer.from([0]), sized(2, name)]))),
    extension(10, sized(2, words(0x001d, 0x0017, 0x0018))),
    extension(11, sized(1, Buffer.from([0]))),
    extension(13, sized(2, words(0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601))),
  ]);
  const suites = words(
    0xc02b,
    0xc02f,
    0xc02c,
    0xc030,
    0xcca9,
    0xcca8,
    0x009e,
    0x009f,
    0x009c,
    0x009d,
    0x00ff,
  );
  const hello = Buffer.concat([
    words(0x0303),
    randomBytes(32),
    sized(1, Buffer.alloc(0)),
    sized(2, suites),
    sized(1, Buffer.from([0])),
    sized(2, extensions),
  ]);
  const handshake = Buffer.concat([Buffer.from([1]), sized(3, hello)]);
  const userCanceled = Buffer.from([2, 90]);
  return Buffer.concat([record(22, 0x0301, handshake), record(21, 0x0303, userCanceled)]);
}

/** The chain in a server's answer to clientHello, or why there is none. */
export function servedChain(answer: Buffer): X509Certificate[] | string {
  if (answer.length === 0) return 'no answer to a TLS handshake';
  const handshake: Buffer[] = [];
  for (let offset = 0; offset + 5 <= answer.length; ) {
    const type = answer[offset];
    const length = answer.readUInt16BE(offset + 3);
    const body = answer.subarray(offset + 5, offset + 5 + length);
    if (type === 21 && handshake.length === 0) return alertText(body[1]);
    if (type === 22) handshake.push(body);
    else if (type !== 21) return 'an answer that is not TLS';
    offset += 5 + length;
  }
  const messages = Buffer.concat(handshake);
  for (let offset = 0; offset + 4 <= messages.length; ) {
    const length = messages.readUIntBE(offset + 1, 3);
    if (messages[offset] === 11) return certificates(messages.subarray(offset + 4, offset + 4 + length));
    offset += 4 + length;
  }
  return 'a TLS answer without a certificate';
}

function certificates(message: Buffer): X509Certificate[] | string {
  const chain: X509Certificate[] = [];
  try {
    for (let offset = 3; offset < message.length; ) {
      const length = message.readUIntBE(offset, 3);
      chain.push(new X509Certificate(message.subarray(offset + 3, offset + 3 + length)));
      offset += 3 + length;
    }
  } catch {
    return 'a TLS answer that was cut off';
  }
  return chain;
}

function alertText(code: number | undefined): string {
  if (code === 70) return 'it refuses TLS 1.2, without which its certificate cannot be seen';
  if (code === 112) return 'it does not know the name (TLS alert unrecognized_name)';
  return `TLS alert ${code}`;
}

function record(type: number, version: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type]), words(version), sized(2, body)]);
}

function extension(type: number, body: Buffer): Buffer {
  return Buffer.concat([words(type), sized(2, body)]);
}

/** A vector with its length before it. */
function sized(bytes: 1 | 2 | 3, body: Buffer): Buffer {
  const length = Buffer.alloc(bytes);
  length.writeUIntBE(body.length, 0, bytes);
  return Buffer.concat([length, body]);
}

function words(...values: number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) buffer.writeUInt16BE(value, index * 2);
  return buffer;
}
