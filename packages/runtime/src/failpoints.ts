/** The variable of the environment that names failpoints; only tests that end processes set it. */
const VARIABLE = 'CLUSTER_AI_FAILPOINTS';

/** Of each named failpoint: how often it is still passed before it ends the process. */
function readWanted(text: string | undefined): Map<string, number> {
  const entries = (text ?? '').split(',').filter((entry) => entry !== '');
  return new Map(
    entries.map((entry) => {
      const [name = '', nth = '1'] = entry.split('@');
      return [name, Number(nth)];
    }),
  );
}

const wanted = readWanted(process.env[VARIABLE]);

/**
 * A place where a test may end the process as a power cut or `kill -9` would. Does nothing unless the environment names it:
 * `CLUSTER_AI_FAILPOINTS=upload.after_fsync`, or with `@3` at the third time that it is passed; several stand between commas.
 */
export function failpoint(name: string): void {
  if (wanted.size === 0) return;
  const left = wanted.get(name);
  if (left === undefined) return;
  if (left > 1) wanted.set(name, left - 1);
  else process.kill(process.pid, 'SIGKILL');
}
