/** Times for made-up data, in ISO 8601. */
export const ago = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();
export const ahead = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();
