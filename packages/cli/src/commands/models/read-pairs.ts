import { ClusterError } from '@cluster-ai/client';

/** `key=value` of the command line. Throws `invalid_request` for what has no `=`. */
export function readPairs<Value>(pairs: readonly string[], toValue: (text: string) => Value): Record<string, Value> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw new ClusterError('invalid_request', `"${pair}" is not written key=value.`);
      return [pair.slice(0, at), toValue(pair.slice(at + 1))];
    }),
  );
}
