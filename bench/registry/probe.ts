import http from 'node:http';
import https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

// What somebody notices while others download, seen from a process of its own. Belongs to `downloads.ts`: its wish comes as an argument, it
// prints `begun` when the stream has begun, and what it saw, as JSON, when its standard input ends.

export interface ProbeWish {
  /** Asked again and again, each by itself, with a pause after each answer. */
  readonly questions: Readonly<Record<string, { readonly url: string; readonly headers: Readonly<Record<string, string>> }>>;
  readonly pauseMs: number;
  readonly stream: { readonly url: string; readonly headers: Readonly<Record<string, string>>; readonly body: string };
}

export interface ProbeResult {
  /** Milliseconds of each answer, by question. `null` stands for one that never came. */
  readonly answers: Readonly<Record<string, readonly (number | null)[]>>;
  /** Milliseconds between two tokens. */
  readonly gaps: readonly number[];
}

const { questions, pauseMs, stream } = JSON.parse(process.argv[2] ?? '') as ProbeWish;
const stop = new AbortController();
process.stdin.once('end', () => stop.abort()).resume();

function ask(url: string, headers: Readonly<Record<string, string>>, agent: http.Agent): Promise<number> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const asked = (url.startsWith('https:') ? https : http).request(url, { agent, headers }, (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`${url} answered ${answer.statusCode}`));
      answer.resume();
      answer.on('end', () => resolve(performance.now() - startedAt));
    });
    asked.on('error', reject);
    asked.end();
  });
}

async function askAgain(url: string, headers: Readonly<Record<string, string>>): Promise<readonly (number | null)[]> {
  const agent = new (url.startsWith('https:') ? https : http).Agent({ keepAlive: true });
  const answers: (number | null)[] = [];
  while (!stop.signal.aborted) {
    const answer = await ask(url, headers, agent).catch((error: unknown) => {
      console.error('A question was not answered:', error);
      return null;
    });
    answers.push(answer);
    await sleep(pauseMs);
  }
  agent.destroy();
  return answers;
}

async function watchTokens(): Promise<readonly number[]> {
  const { url, headers, body } = stream;
  const { signal } = stop;
  const gaps: number[] = [];
  let last: number | undefined;
  try {
    const answer = await fetch(url, { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body, signal });
    for await (const _ of answer.body ?? []) {
      const now = performance.now();
      if (last === undefined) console.log('begun');
      else gaps.push(now - last);
      last = now;
    }
    throw new Error('The stream ended before it was left.');
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return gaps;
}

const asked = Object.entries(questions).map(async ([name, { url, headers }]) => [name, await askAgain(url, headers)] as const);
const [gaps, ...answers] = await Promise.all([watchTokens(), ...asked]);
console.log(JSON.stringify({ answers: Object.fromEntries(answers), gaps } satisfies ProbeResult));
