import { ClusterError } from '@cluster-ai/contracts';

const secondsOf: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1, ms: 1e-3, us: 1e-6, µs: 1e-6, μs: 1e-6, ns: 1e-9 };
const part = '(\\d+(?:\\.\\d*)?|\\.\\d+)(h|ms|us|µs|μs|ns|m|s)';
const wholePattern = new RegExp(`^(?:${part})+$`);
const partPattern = new RegExp(part, 'g');

function parseDuration(text: string): number | undefined {
  if (!wholePattern.test(text)) return undefined;
  return [...text.matchAll(partPattern)].reduce((sum, [, amount, unit]) => sum + Number(amount) * (secondsOf[unit ?? ''] ?? 0), 0);
}

/**
 * Ollama's `keep_alive` in seconds: a number of seconds, or a duration as Go writes it (`5m`, `1h30m`, `-1s`); a number in a
 * string counts as seconds. Anything negative is for ever, `-1`. Left out, the cluster's own time applies.
 */
export function toKeepAliveSeconds(value: number | string | null | undefined): number | undefined {
  if (value === null || value === undefined || value === '') return undefined;
  const text = String(value).trim();
  const isNegative = text.startsWith('-');
  const bare = text.replace(/^[+-]/, '');
  const seconds = /^\d+(\.\d+)?$/.test(bare) ? Number(bare) : parseDuration(bare);
  if (seconds === undefined)
    throw new ClusterError('invalid_request', `"keep_alive" is not a duration: "${text.slice(0, 40)}".`, {
      hint: 'Write seconds, or a duration such as "5m"; -1 keeps the model for ever.',
      param: 'keep_alive',
    });
  return isNegative && seconds > 0 ? -1 : seconds;
}
