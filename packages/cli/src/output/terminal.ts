import { styleText } from 'node:util';
import { nameProgram } from '@cluster-ai/contracts';
import { type Language, pick, type Text } from './language.ts';

type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'cyan';

/** Where a command writes: data to standard output, everything else to standard error. */
export interface Terminal {
  readonly language: Language;
  /** A person sits at both ends: questions may be asked. */
  readonly isInteractive: boolean;
  readonly columns: number;
  /** One line of the result. */
  data(line: string): void;
  /** A piece of the result, as it comes. */
  piece(piece: string): void;
  /** One line about what is going on. */
  progress(line: string): void;
  /** Colours a piece of text where the data goes to a terminal and the person did not ask for none. */
  style(style: Style, piece: string): string;
  say(message: Text): string;
  /** A text that came ready-made, with its commands as people start this program here. */
  tell(words: string): string;
}

export interface TerminalDeps {
  readonly output: NodeJS.WriteStream;
  readonly errors: NodeJS.WriteStream;
  readonly input: { readonly isTTY?: boolean };
  readonly language: Language;
  /** How people start this program here: `npx cluster-ai` in a clone. */
  readonly program: string;
  /** `NO_COLOR` is set, or the terminal says that it cannot. */
  readonly isPlain: boolean;
}

export function createTerminal({ output, errors, input, language, program, isPlain }: TerminalDeps): Terminal {
  const hasColour = output.isTTY === true && !isPlain;
  return {
    language,
    isInteractive: input.isTTY === true && output.isTTY === true,
    columns: output.columns ?? 100,
    data: (line) => void output.write(`${line}\n`),
    piece: (piece) => void output.write(piece),
    progress: (line) => void errors.write(`${line}\n`),
    style: (style, piece) => (hasColour ? styleText(style, piece, { validateStream: false }) : piece),
    say: (message) => nameProgram(pick(language, message), program),
    tell: (words) => nameProgram(words, program),
  };
}
