import type * as X509 from '@peculiar/x509';

/** Loaded when a certificate has to be made, since it costs 18 MB. It wants its polyfill to be there first. */
export async function loadX509(): Promise<typeof X509> {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}
