import { type Config, type Role, roles } from '@cluster-ai/contracts';
import type { ExternalIdentity } from '../people/external-sign-in.ts';

export type OidcConfig = NonNullable<Config['access']['oidc']>;
export type Claims = Readonly<Record<string, unknown>>;

const text = (value: unknown) => (typeof value === 'string' ? value : '');

/** No control characters, and none that turn the direction of what follows. */
const printable = (value: string) =>
  value
    .replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '')
    .trim()
    .slice(0, 120);

const isEmail = (value: string) => value.length <= 254 && /^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+$/u.test(value);

function readGroups(claims: Claims, name: string): readonly string[] {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  return (Array.isArray(value) ? value : [value]).filter((group) => typeof group === 'string');
}

/** The role that may most of those that the groups have. `undefined`: none has one. */
export function toRole(groups: readonly string[], mapping: OidcConfig['roles']): Role | undefined {
  const byGroup = new Map(Object.entries(mapping)); // a group may be called "constructor"
  const found = new Set(groups.map((group) => byGroup.get(group)));
  return roles.find((role) => found.has(role));
}

export const hasGroups = (claims: Claims, { groupsClaim }: OidcConfig): boolean => Object.hasOwn(claims, groupsClaim);

/** Who somebody is, in our words. An address counts only when the provider has verified it. */
export function toIdentity(claims: Claims & { readonly sub: string }, config: OidcConfig): ExternalIdentity {
  const email = claims['email_verified'] === true && isEmail(text(claims['email'])) ? text(claims['email']) : null;
  return {
    issuer: config.issuer,
    subject: claims.sub,
    name: text(claims['preferred_username']) || (email?.split('@')[0] ?? ''),
    displayName: printable(text(claims['name'])),
    email,
    role: toRole(readGroups(claims, config.groupsClaim), config.roles),
  };
}
