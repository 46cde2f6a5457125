import type { TokenLogprob } from '../openai-dialect/index.ts';
import type { RawLogprobs, Sampled } from './decoder.ts';
import type { StopFilter } from './stop-strings.ts';
import type { createTokenText } from './token-text.ts';

export interface ChoiceOutputOptions {
  readonly tokenText: ReturnType<typeof createTokenText>;
  readonly stopFilter: StopFilter;
  readonly toLogprob: (token: number, raw: RawLogprobs) => TokenLogprob;
  readonly show: (text: string, logprobs: readonly TokenLogprob[] | undefined) => void;
}

/** From sampled tokens to text that may be shown: whole characters, no part of a stop string, each with its tokens' log-probabilities. */
export function createChoiceOutput({ tokenText, stopFilter, toLogprob, show }: ChoiceOutputOptions) {
  let writtenLength = 0;
  let shownLength = 0;
  let waiting: { readonly end: number; readonly logprob: TokenLogprob }[] = [];
  let hasLogprobs = false;

  const say = (text: string) => {
    shownLength += text.length;
    const ready = waiting.filter(({ end }) => end <= shownLength).map(({ logprob }) => logprob);
    waiting = waiting.filter(({ end }) => end > shownLength);
    if (text !== '' || ready.length > 0) show(text, hasLogprobs ? ready : undefined);
  };
  return {
    push({ token, logprobs }: Sampled): 'more' | 'stop' {
      const text = tokenText.push(token);
      writtenLength += text.length;
      if (logprobs) {
        hasLogprobs = true;
        waiting.push({ end: writtenLength, logprob: toLogprob(token, logprobs) });
      }
      const filtered = stopFilter.push(text);
      if (filtered.text !== '') say(filtered.text);
      return filtered.isStopped ? 'stop' : 'more';
    },
    /** Shows what was held back. */
    end() {
      const { text, isStopped } = stopFilter.push(tokenText.end());
      say(isStopped ? text : text + stopFilter.end());
    },
  };
}
