declare module 'pino-roll' {
  import type { Writable } from 'node:stream';

  interface RollOptions {
    file: string;
    size?: string;
    limit?: { count: number };
    mkdir?: boolean;
  }
  export default function buildRoll(options: RollOptions): Promise<Writable>;
}
