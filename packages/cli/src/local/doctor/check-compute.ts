import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter } from 'node:path';
import { createInterface } from 'node:readline';
import { locatePython } from '@cluster-ai/runtime';
import { z } from 'zod';
import { fill, type Text, text } from '../../output/language.ts';
import type { Context } from '../../verb.ts';
import type { Finding, Verdict } from './check.ts';
import { findPython } from './compute-python.ts';

const stepShape = z.object({
  step: z.string(),
  verdict: z.enum(['ok', 'failed', 'skipped']),
  message: z.string(),
  hint: z.string(),
  seconds: z.number(),
});
type Step = z.infer<typeof stepShape>;

const verdicts: Readonly<Record<Step['verdict'], Verdict>> = { ok: 'ok', failed: 'failed', skipped: 'warning' };
const steps: Readonly<Record<string, Text>> = {
  compute: text('Dask runs', 'O Dask roda'),
  workers: text('workers are connected', 'há workers conectados'),
  table: text('a table is grouped on a worker', 'uma tabela é agrupada num worker'),
  javascript: text('JavaScript runs on a worker', 'JavaScript roda num worker'),
  cancel: text('a task that would never end is stopped', 'uma tarefa sem fim é parada'),
  stranger: text('the scheduler refuses whoever has no certificate', 'o scheduler recusa quem não tem certificado'),
  dask: text('a plain Dask client connects and computes', 'um cliente Dask comum conecta e calcula'),
};
const line = text('{what} ({seconds} s): {message}', '{what} ({seconds} s): {message}');
const brokenOff = text('The self test ended early: {message}', 'O autoteste terminou antes da hora: {message}');
const noPython = text(
  'The self test needs Python 3.10 or newer, and {python} does not start.',
  'O autoteste precisa de Python 3.10 ou mais novo, e {python} não inicia.',
);
const install = text('Install Python, or run this on the machine of the cluster.', 'Instale o Python, ou rode na máquina do cluster.');
const nothing = text('', '');

const fillBoth = ({ en, pt }: Text, values: (language: 'en' | 'pt') => Readonly<Record<string, string | number>>): Text =>
  text(fill(en, values('en')), fill(pt, values('pt')));

function toFinding({ step, verdict, message, hint, seconds }: Step): Finding {
  const what = steps[step] ?? text(step, step);
  return {
    name: `compute-${step}`,
    verdict: verdicts[verdict],
    message: fillBoth(line, (language) => ({ what: what[language], seconds, message })),
    fix: text(hint, hint),
  };
}

const toFailure = (message: Text, fix: Text): Finding => ({ name: 'compute', verdict: 'failed', message, fix });

function readStep(raw: string): Step | undefined {
  try {
    return stepShape.parse(JSON.parse(raw));
  } catch {
    return undefined; // a library that prints
  }
}

/** Runs the self test of the Python package against the live cluster, with the Python that the cluster set up where it is on this machine. */
export async function checkCompute(context: Context): Promise<readonly Finding[]> {
  const { environment, folder, isRemote, signal } = context;
  const python = findPython(folder);
  const child = spawn(python, ['-m', 'cluster_ai.self_test', '--json'], {
    env: {
      ...environment,
      PYTHONPATH: locatePython().modules.join(delimiter),
      PYTHONDONTWRITEBYTECODE: '1',
      PYTHONUTF8: '1',
      CLUSTER_AI_HOME: folder.root,
      CLUSTER_AI_URL: isRemote ? context.address() : '',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (piece: string) => {
    errors = `${errors}${piece}`.slice(-2000);
  });
  const ended = once(child, 'close').catch((error: unknown) => error);
  const findings: Finding[] = [];
  for await (const raw of createInterface(child.stdout)) {
    const step = readStep(raw);
    if (step !== undefined) findings.push(toFinding(step));
  }
  const result = await ended;
  signal.throwIfAborted();
  if (result instanceof Error)
    return [
      toFailure(
        fillBoth(noPython, () => ({ python })),
        install,
      ),
    ];
  if (child.exitCode === 0 || findings.some(({ verdict }) => verdict === 'failed')) return findings;
  const message = errors.trim().split('\n').at(-1) ?? '';
  return [
    ...findings,
    toFailure(
      fillBoth(brokenOff, () => ({ message })),
      nothing,
    ),
  ];
}
