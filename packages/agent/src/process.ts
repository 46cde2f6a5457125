import type { AgentMessage, AgentStart } from '@cluster-ai/contracts';
import { runSupervisedProcess } from '@cluster-ai/runtime';
import { runAgent } from './main.ts';

await runSupervisedProcess<AgentStart, AgentMessage>({ title: 'cluster-ai agent', readyMessage: 'connected', run: runAgent });
