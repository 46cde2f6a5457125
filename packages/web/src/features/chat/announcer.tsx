import { useEffect, useRef, useState } from 'react';

const EVERY_MS = 4000;

/** The new text up to the end of its last whole word. */
export function takeWords(text: string, from: number): { readonly words: string; readonly next: number } {
  const fresh = text.slice(from);
  const end = fresh.search(/\s\S*$/);
  return end === -1 ? { words: '', next: from } : { words: fresh.slice(0, end).trim(), next: from + end + 1 };
}

/** Reads a streamed text out to screen readers, some words at a time: each token would be a stutter, the whole text a wall. */
export function Announcer({ text, isDone }: { readonly text: string; readonly isDone: boolean }) {
  const [spoken, setSpoken] = useState('');
  const position = useRef(0);
  const current = useRef(text);
  current.current = text;

  useEffect(() => {
    if (isDone) {
      setSpoken(current.current.slice(position.current));
      return undefined;
    }
    position.current = 0;
    const timer = setInterval(() => {
      const { words, next } = takeWords(current.current, position.current);
      position.current = next;
      if (words !== '') setSpoken(words);
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, [isDone]);

  return (
    <div aria-live="polite" className="sr-only">
      {spoken}
    </div>
  );
}
