import type { ControlPlaneMessage, ControlPlaneStart } from '@cluster-ai/contracts';
import { runSupervisedProcess } from '@cluster-ai/runtime';
import { runControlPlane } from './main.ts';

await runSupervisedProcess<ControlPlaneStart, ControlPlaneMessage>({
  title: 'cluster-ai control plane',
  readyMessage: 'ready',
  run: runControlPlane,
});
