import { type ClusterError, toWireError, type WireError } from '@cluster-ai/contracts';
import { text } from './language.ts';
import { portugueseTitles } from './portuguese-titles.ts';
import type { Terminal } from './terminal.ts';

const requestLabel = text('Request', 'Requisição');

/** What happened, why, and the next step; the request's id where the server gave one. */
export function explainError(terminal: Terminal, { code, message, hint, details }: ClusterError): string {
  const { requestId } = details;
  const happened = terminal.language === 'pt-BR' ? `${portugueseTitles[code]}: ${message}` : message;
  return [
    happened,
    ...(hint ? [`  → ${hint}`] : []),
    ...(typeof requestId === 'string' ? [`  ${terminal.say(requestLabel)}: ${requestId}`] : []),
  ].join('\n');
}

/** The `--json` form of an error: one line on standard error. */
export const toErrorJson = (error: unknown): { readonly error: WireError } => ({ error: toWireError(error) });
