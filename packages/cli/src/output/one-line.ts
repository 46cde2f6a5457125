/**
 * Text that somebody else chose, as one line that only can be read: what would move the cursor, break the line, ring, or turn the direction
 * of writing is shown as its number.
 */
export const toOneLine = (text: string): string =>
  text.replaceAll(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
