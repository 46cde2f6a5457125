import type { Config } from '@cluster-ai/contracts';
import type { Logger } from '@cluster-ai/runtime';
import type { Admission } from './access/admission.ts';
import type { AuditPoint } from './access/audit/audit.ts';
import type { ListenerCertificates } from './access/certificates/open-listener-certificate.ts';
import type { Assets } from './assets.ts';
import { blobDoor } from './doors/blobs/blob-door.ts';
import { daskDoor } from './doors/dask/dask-door.ts';
import { metricsDoor } from './doors/native/metrics-door.ts';
import { type NativeDependencies, nativeDoor } from './doors/native/native-door.ts';
import { renderProblem } from './doors/native/problem.ts';
import { registryDoor } from './doors/native/registry/registry-door.ts';
import type { ModelChangeDeps } from './doors/ollama/model-changes.ts';
import { ollamaDoor } from './doors/ollama/ollama-door.ts';
import { renderOllamaError } from './doors/ollama/ollama-error.ts';
import { ollamaRoot } from './doors/ollama/ollama-root.ts';
import { openAiDoor } from './doors/openai/openai-door.ts';
import { webDoor } from './doors/web/web-door.ts';
import { createListener, type ListenerShell } from './listeners/create-listener.ts';
import type { Metrics } from './observability/metrics.ts';

/** What the doors stand on. */
export interface DoorParts {
  readonly admission: Admission;
  readonly audit: AuditPoint;
  readonly native: NativeDependencies;
  readonly changes: Pick<ModelChangeDeps, 'presets' | 'compose'>;
  readonly metrics: Metrics;
  readonly assets: Assets;
  readonly config: Config;
  readonly log: Logger;
  readonly shown: Pick<ListenerCertificates, 'of' | 'names'>;
  /** How people start this program here. */
  readonly program?: string | undefined;
}

export type ListenerKind = 'main' | 'ollama' | 'registry';

/**
 * Which doors a listener has. Main and Ollama's have the inference doors; the main one also has the native door, the metrics and the web UI.
 * The registry's has the registry at its root, and nothing else.
 */
export async function composeDoors(
  { admission, audit, native, changes, metrics, assets, config, log, shown, program }: DoorParts,
  kind: ListenerKind,
): Promise<ListenerShell> {
  const shell = createListener({
    config,
    log,
    admission,
    audit,
    metrics,
    renderError: kind === 'ollama' ? renderOllamaError : renderProblem,
    certificate: shown.of(config.listeners[kind].tls),
    names: shown.names,
    program,
  });
  const { app } = shell;
  if (kind === 'registry') {
    await app.register(registryDoor(native));
    return shell;
  }
  await app.register(ollamaRoot({ hasWebUi: kind === 'main' }));
  await app.register(openAiDoor({ ...native, log }), { prefix: '/v1' });
  await app.register(ollamaDoor({ ...native, ...changes, log }), { prefix: '/api' });
  await app.register(blobDoor(native));
  if (kind === 'main') {
    await app.register(nativeDoor(native), { prefix: '/api/v1' });
    await app.register(metricsDoor({ metrics }));
    await app.register(daskDoor(native));
    await app.register(webDoor({ folder: assets.web, program }));
  }
  return shell;
}
