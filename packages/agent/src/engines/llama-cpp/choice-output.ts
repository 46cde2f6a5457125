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

/**
 * From sampled tokens to text that may be shown: whole characters, no part of a stop string, each with its tokens' log-probabilities. What is shown
 * ends where a token ends, so that another replica can go on from it as the model would have: it would not continue "The" with "re".
 */
export function createChoiceOutput({ tokenText, stopFilter, toLogprob, show }: ChoiceOutputOptions) {
  let writtenLength = 0;
  let shownLength = 0;
  /** What the stop filter let pass of a token whose other part it holds back. */
  let unshown = '';
  let tokenEnds: number[] = [];
  let waiting: { readonly end: number; readonly logprob: TokenLogprob }[] = [];
  let hasLogprobs = false;

  const say = (text: string) => {
    shownLength += text.length;
    tokenEnds = tokenEnds.filter((end) => end > shownLength);
    const ready = waiting.filter(({ end }) => end <= shownLength).map(({ logprob }) => logprob);
    waiting = waiting.filter(({ end }) => end > shownLength);
    if (text !== '' || ready.length > 0) show(text, hasLogprobs ? ready : undefined);
  };
  const sayWholeTokens = () => {
    const lastEnd = tokenEnds.findLast((end) => end <= shownLength + unshown.length) ?? shownLength;
    const text = unshown.slice(0, lastEnd - shownLength);
    unshown = unshown.slice(text.length);
    if (text !== '') say(text);
  };
  return {
    push({ token, logprobs }: Sampled): 'more' | 'stop' {
      const text = tokenText.push(token);
      writtenLength += text.length;
      tokenEnds.push(writtenLength);
      if (logprobs) {
        hasLogprobs = true;
        waiting.push({ end: writtenLength, logprob: toLogprob(token, logprobs) });
      }
      const filtered = stopFilter.push(text);
      unshown += filtered.text;
      if (!filtered.isStopped) sayWholeTokens();
      return filtered.isStopped ? 'stop' : 'more';
    },
    /** Shows what was held back. */
    end() {
      const { text, isStopped } = stopFilter.push(tokenText.end());
      say(unshown + (isStopped ? text : text + stopFilter.end()));
      unshown = '';
    },
  };
}
