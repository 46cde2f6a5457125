import { type AgentReport, agentPaths, agentReportShape, heartbeat, heartbeatAnswerShape } from '@cluster-ai/contracts';
import { type Clock, type Logger, readLines } from '@cluster-ai/runtime';
import type { NodeLink } from './node-link.ts';
import { readAnswer } from './read-answer.ts';
import { withDeadline } from './with-deadline.ts';

const longestLine = 1024 * 1024;
const pauseBeforeReopenMs = 1000;
/** Beats that a silent node is sent before we wait for one of them. */
const mostOpenBeats = 5;

export interface Beat {
  readonly incarnation: string;
  readonly roundTripMs: number;
}

export interface FollowDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly onBeat: (beat: Beat) => void;
  readonly onReport: (report: AgentReport) => void;
}

/** Sends heartbeats over a link until it closes. A late answer counts: it shows that the node lives. */
export async function sendBeats(link: NodeLink, { clock, onBeat, log }: FollowDeps, signal: AbortSignal): Promise<void> {
  let open = 0;
  const send = async (sequence: number) => {
    const startedAt = clock.monotonic();
    // in the query and not in a body: headers go ahead, and bodies are sent one after the other
    const path = `${agentPaths.heartbeat}?sequence=${sequence}&sentAtMs=${clock.now()}`;
    const answer = await withDeadline(clock, heartbeat.lostAfterMs, signal, async (until) =>
      readAnswer(await link.request({ method: 'POST', path, signal: until })),
    );
    const { incarnation } = heartbeatAnswerShape.parse(answer);
    onBeat({ incarnation, roundTripMs: clock.monotonic() - startedAt });
  };
  for (let sequence = 1; !signal.aborted; sequence++) {
    if (open < mostOpenBeats) {
      open++;
      send(sequence)
        .catch((error: unknown) => log.debug({ error: String(error), sequence }, 'A heartbeat was not answered'))
        .finally(() => open--);
    }
    await clock.sleep(heartbeat.beatEveryMs, signal).catch(() => {});
  }
}

/** Reads the agent's reports until the link closes; a stream that breaks alone is opened again and begins with a snapshot. */
export async function followReports(link: NodeLink, { clock, onReport, log }: FollowDeps, signal: AbortSignal): Promise<void> {
  const follow = async () => {
    const { status, body } = await link.request({ method: 'GET', path: agentPaths.reports, signal });
    if (status !== 200) return void body.destroy();
    for await (const line of readLines(body, longestLine)) {
      const report = agentReportShape.safeParse(JSON.parse(line));
      if (report.success) onReport(report.data);
      else log.warn({ problem: report.error.issues[0]?.message }, 'An agent reported something that this version does not know');
    }
  };
  while (!signal.aborted) {
    await follow().catch((error: unknown) => log.debug({ error: String(error) }, 'The reports of a node broke off'));
    await clock.sleep(pauseBeforeReopenMs, signal).catch(() => {});
  }
}
