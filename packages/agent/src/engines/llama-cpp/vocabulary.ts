import { ClusterError, phrase } from '@cluster-ai/contracts';
import { type LlamaModel, LlamaVocabularyType, type Token } from 'node-llama-cpp';
import type { Detokenize } from './token-text.ts';

/** Text to tokens and back, for one model. */
export interface Vocabulary {
  /** With `hasBegin` the text is prefixed by the model's begin token, where it wants one and the text does not start with it. */
  tokenize(text: string, options: { readonly hasBegin: boolean }): readonly number[];
  /** Text in the middle of an answer: nothing is put before it. With `readsSpecial` the texts of control tokens become these tokens. */
  tokenizeAnswer(text: string, options: { readonly readsSpecial: boolean }): readonly number[];
  /** `showsSpecial` also gives the text of control tokens. */
  detokenizer(options: { readonly showsSpecial: boolean }): Detokenize;
  /** The bytes of one token, also of one that is only a part of a character. */
  bytesOf(token: number): Buffer;
  isToken(text: string): boolean;
  /** Throws ClusterError `invalid_request` when the model does not have one of these tokens. */
  checkTokens(tokens: readonly number[], param: string): void;
}

/** Even where every token were a long run of spaces, a text of more characters than this for each token of the context cannot fit. */
const mostCharactersPerToken = 64;

/** Whether a text cannot fit, told without tokenizing it. */
export const isTooLongText = (text: string, contextSize: number): boolean => text.length > contextSize * mostCharactersPerToken;

/** Refuses what cannot fit before it is tokenized, which for megabytes would hold up everybody else. Throws ClusterError `context_length_exceeded`. */
export function checkTextLength(text: string, contextSize: number, param: string): void {
  if (!isTooLongText(text, contextSize)) return;
  throw new ClusterError('context_length_exceeded', phrase('text_too_long', { characters: text.length, context: contextSize }), {
    param,
    details: { contextSize },
  });
}

/** Without what cannot fit anyhow. */
export const cutText = (text: string, contextSize: number): string => text.slice(0, contextSize * mostCharactersPerToken);

/** GPT-2's way to write any byte as a visible character. */
function createByteAlphabet(): ReadonlyMap<string, number> {
  const isVisible = (byte: number) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let next = 256;
  return new Map(Array.from({ length: 256 }, (_, byte) => [String.fromCodePoint(isVisible(byte) ? byte : next++), byte]));
}

const byteAlphabet = createByteAlphabet();
const byteTokenPattern = /^<0x([0-9A-F]{2})>$/;

function createBytesOf(model: LlamaModel) {
  const addon = (model as unknown as { _model: { getTokenString(token: number): string | undefined } })._model;
  return (token: number): Buffer => {
    const piece = addon.getTokenString(token) ?? '';
    const byteToken = byteTokenPattern.exec(piece)?.[1];
    if (byteToken !== undefined) return Buffer.from(byteToken, 'hex');
    if (model.vocabularyType === LlamaVocabularyType.bpe) {
      const bytes = Array.from(piece, (character) => byteAlphabet.get(character));
      if (bytes.every((byte) => byte !== undefined)) return Buffer.from(bytes);
    }
    return Buffer.from(
      model.vocabularyType === LlamaVocabularyType.spm ? piece.replaceAll('\u2581', ' ') : model.detokenize([token as Token], true),
    );
  };
}

export function createVocabulary(model: LlamaModel): Vocabulary {
  const { bos, shouldPrependBosToken } = model.tokens;
  const size = model.fileInfo.metadata.tokenizer?.ggml?.tokens?.length ?? 0;
  return {
    tokenize(text, { hasBegin }) {
      const tokens: number[] = model.tokenize(text, true);
      return hasBegin && shouldPrependBosToken && bos !== null && tokens[0] !== bos ? [bos, ...tokens] : tokens;
    },
    tokenizeAnswer: (text, { readsSpecial }) =>
      // where words carry their spaces before them, the first word of a text is given one that an answer does not have
      model.tokenize(text, readsSpecial, model.vocabularyType === LlamaVocabularyType.spm ? 'trimLeadingSpace' : undefined),
    detokenizer:
      ({ showsSpecial }) =>
      (tokens, before) =>
        model.detokenize(tokens as readonly Token[], showsSpecial, before as readonly Token[]),
    bytesOf: createBytesOf(model),
    isToken: (text) => model.tokenize(text, true).length === 1,
    checkTokens(tokens, param) {
      const unknown = tokens.find((token) => token >= size);
      if (unknown !== undefined && size > 0)
        throw new ClusterError('invalid_request', `The model has no token ${unknown}; it has ${size}.`, { param });
    },
  };
}
