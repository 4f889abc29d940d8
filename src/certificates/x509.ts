/** Loads @peculiar/x509, which needs the polyfill first; only when a certificate is made, since both are slow to load. */
export async function loadX509(): Promise<typeof import('@peculiar/x509')> {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}
