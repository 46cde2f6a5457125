import { ClusterError, phrase, toCondition } from '@cluster-ai/contracts';
import { expect, test } from 'vitest';
import { explainError } from './errors.ts';
import { sayOr } from './say-phrases.ts';
import { explainCondition } from './show-condition.ts';
import { createTerminal } from './terminal.ts';

const terminalFor = (language: 'en' | 'pt-BR', program = 'cluster-ai') =>
  createTerminal({ output: process.stdout, errors: process.stderr, input: {}, language, program, isPlain: true });
const [english, portuguese] = [terminalFor('en'), terminalFor('pt-BR')];

test('what the server says by codes is said in the reader’s language, and else in its own English', () => {
  const said = [phrase('file_is_gone', { path: '/a.gguf' })];
  expect(sayOr(english, said, 'The file /a.gguf is gone.')).toBe('The file /a.gguf is gone.');
  expect(sayOr(portuguese, said, 'The file /a.gguf is gone.')).toBe('O arquivo /a.gguf sumiu.');
  expect(sayOr(portuguese, [{ code: 'from_the_future' }], 'New.')).toBe('New.');
  expect(sayOr(portuguese, [], 'Plain.')).toBe('Plain.');
});

test('an error is said with its next step; where it has no codes, the title of its code helps', () => {
  const coded = new ClusterError('model_not_found', phrase('model_unknown', { name: 'x' }), { hint: phrase('list_the_models') });
  expect(explainError(english, coded)).toBe('There is no model "x".\n  → See `cluster-ai models ls`.');
  expect(explainError(portuguese, coded)).toBe('Não há modelo “x”.\n  → Veja `cluster-ai models ls`.');
  expect(explainError(portuguese, new ClusterError('model_not_found', 'None.'))).toBe('Este modelo não existe: None.');
});

test('in a clone, what is said names commands as they are started there', () => {
  const error = new ClusterError('model_not_found', phrase('model_unknown', { name: 'x' }), { hint: phrase('list_the_models') });
  const said = { en: 'See `npx cluster-ai models ls`.', 'pt-BR': 'Veja `npx cluster-ai models ls`.' };
  for (const language of ['en', 'pt-BR'] as const)
    expect(explainError(terminalFor(language, 'npx cluster-ai'), error)).toContain(`→ ${said[language]}`);
});

test('a condition is said by its reason, or by what it says beyond it', () => {
  const asleep = toCondition('asleep', 'not_loaded', 0);
  expect(explainCondition(english, asleep)).toContain('Loads on first use.');
  expect(explainCondition(portuguese, asleep)).toBe('Carrega no primeiro uso. Faça um pedido ou rode `cluster-ai run MODELO`.');
  const failed = toCondition('failed', 'not_enough_memory', 0, {
    message: [phrase('no_node_has_memory'), phrase('node_lacks_memory', { node: 'desk', needed: 2 * 1024 ** 3, free: 1024 ** 3 })],
    hint: '',
  });
  expect(explainCondition(portuguese, failed)).toBe('Nenhum nó tem memória livre suficiente. Nó desk: precisa de 2.0 GiB, 1.0 GiB livres.');
});
