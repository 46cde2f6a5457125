import { maskSecrets } from '@cluster-ai/runtime';

/** Every user of the machine can read in `ps` how a program was called: a token there is covered as soon as it has been read. */
export function hideArguments(args: readonly string[]): void {
  const shown = args.map(maskSecrets);
  if (shown.some((arg, index) => arg !== args[index])) process.title = ['cluster-ai', ...shown].join(' ');
}
