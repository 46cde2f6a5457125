import { generateSync } from 'otplib';

/** What an authenticator app shows for a seed at a time. */
export const appCode = (secret: string, nowMs: number): string => generateSync({ secret, epoch: Math.floor(nowMs / 1000) });
