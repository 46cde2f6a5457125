import type { ModelDetails } from '@cluster-ai/contracts';
import { formatBytes } from '../../output/format.ts';
import { text } from '../../output/language.ts';
import { sayOr } from '../../output/say-phrases.ts';
import { explainCondition, showCondition } from '../../output/show-condition.ts';
import type { Context } from '../../verb.ts';

const texts = {
  state: text('State', 'Estado'),
  notice: text('Note', 'Aviso'),
  about: text('About', 'Sobre'),
  bundled: text(
    'Very small chat model (English and Portuguese) that shows that the cluster works.',
    'Modelo de conversa muito pequeno (inglês e português), que mostra que o cluster funciona.',
  ),
  kind: text('Kind', 'Tipo'),
  context: text('Context', 'Contexto'),
  can: text('Can', 'Sabe'),
  licence: text('Licence', 'Licença'),
  version: text('Version', 'Versão'),
  replica: text('Runs on', 'Roda em'),
};

export function printModel(
  { terminal }: Context,
  { name, condition, description, notice, notices, latest, versions, replicas }: ModelDetails,
): void {
  const line = (label: keyof typeof texts, value: string | number | null) => {
    if (value !== null && value !== '') terminal.data(`${terminal.say(texts[label]).padEnd(9)} ${value}`);
  };
  const { facts } = latest;
  terminal.data(terminal.style('bold', name));
  line('state', `${showCondition(terminal, condition)}  ${explainCondition(terminal, condition)}`);
  line('notice', sayOr(terminal, notices, notice));
  line('about', latest.source === 'bundled' ? terminal.say(texts.bundled) : description || facts.description);
  line('kind', [facts.format, facts.architecture, facts.parameterSize, facts.quantization].filter((part) => part !== null).join(' · '));
  line('context', facts.contextLength === null ? null : `${facts.contextLength} tokens`);
  line('can', facts.capabilities.join(', '));
  line('licence', facts.licence);
  for (const { node, condition: state, contextSize, parallel } of replicas) {
    line('replica', `${node}  ${showCondition(terminal, state)}${contextSize === null ? '' : `  ${parallel} × ${contextSize} tokens`}`);
  }
  for (const { version, sizeBytes, manifestDigest, source } of versions)
    line('version', `${version}  ${formatBytes(sizeBytes)}  ${manifestDigest}  ${source}`);
}
