/** Tokens to text. Gives the text of `tokens` as it reads after `before`. */
export type Detokenize = (tokens: readonly number[], before: readonly number[]) => string;

const contextTokens = 8;
/** A character has at most four bytes, so four tokens; a longer run of broken bytes is not going to become one. */
const mostHeldTokens = 4;
const replacement = '\uFFFD';

/** Turns tokens into text as they come, and never cuts inside a character: what is not whole yet is held back. They come after `said`. */
export function createTokenText(detokenize: Detokenize, said: readonly number[] = []) {
  let before = said.slice(-contextTokens);
  let held: number[] = [];
  return {
    push(token: number): string {
      held.push(token);
      const text = detokenize(held, before);
      if (text.endsWith(replacement) && held.length < mostHeldTokens) return '';
      before = [...before, ...held].slice(-contextTokens);
      held = [];
      return text;
    },
    /** What was held back and can still be shown; an unfinished character is dropped. */
    end(): string {
      const text = held.length === 0 ? '' : detokenize(held, before);
      held = [];
      return text.replace(/\uFFFD+$/u, '');
    },
  };
}
