/** What OWASP gives as the least for argon2id: 19 MiB, two passes, one lane. A stored hash with other ones is made anew at the next sign-in. */
export const argon2Parameters = { memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 } as const;

const { memoryCost, timeCost, parallelism } = argon2Parameters;
const prefix = `$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$`;

/** Whether a stored hash was made with other parameters than today's. */
export const isOutdated = (hash: string): boolean => !hash.startsWith(prefix);

/** A hash that costs as much to check as a person's, and that no password has: it is chance instead of a result. */
export function toUnmatchableHash(chance: Buffer): string {
  const text = (from: number, to: number) => chance.subarray(from, to).toString('base64').replaceAll('=', '');
  return `${prefix}${text(0, 16)}$${text(16, 48)}`;
}
