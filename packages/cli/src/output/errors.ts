import { type ClusterError, portugueseErrors, toWireError, type WireError } from '@cluster-ai/contracts';
import { text } from './language.ts';
import { sayOr } from './say-phrases.ts';
import type { Terminal } from './terminal.ts';

const requestLabel = text('Request', 'Requisição');

/** What happened, why, and the next step; the request's id where the server gave one. */
export function explainError(terminal: Terminal, { code, message, hint, said, details }: ClusterError): string {
  const { requestId } = details;
  const isTitled = terminal.language === 'pt-BR' && !said?.message.length;
  const happened = isTitled ? `${portugueseErrors[code]}: ${message}` : sayOr(terminal, said?.message, message);
  return [
    happened,
    ...(hint ? [`  → ${sayOr(terminal, said?.hint, hint)}`] : []),
    ...(typeof requestId === 'string' ? [`  ${terminal.say(requestLabel)}: ${requestId}`] : []),
  ].join('\n');
}

/** The `--json` form of an error: one line on standard error. */
export const toErrorJson = (error: unknown): { readonly error: WireError } => ({ error: toWireError(error) });
