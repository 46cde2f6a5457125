/** `cai_join_<id>.<secret>.<fingerprint of the CA>`: what a person carries to the machine that is to join. */
export interface JoinToken {
  readonly id: string;
  /** 32 random bytes, base64url. */
  readonly secret: string;
  /** SHA-256 of the CA's public key (SPKI), base64url: checked before the secret is sent. */
  readonly fingerprint: string;
}

const prefix = 'cai_join_';
const pattern = /^cai_join_([0-9a-z]{8,40})\.([\w-]{43})\.([\w-]{43})$/;

export function formatJoinToken({ id, secret, fingerprint }: JoinToken): string {
  return `${prefix}${id}.${secret}.${fingerprint}`;
}

/** `undefined` for anything that was not written by `formatJoinToken`. */
export function parseJoinToken(text: string): JoinToken | undefined {
  const [, id, secret, fingerprint] = pattern.exec(text.trim()) ?? [];
  if (id === undefined || secret === undefined || fingerprint === undefined) return undefined;
  return { id, secret, fingerprint };
}
