import { useCallback, useEffect, useRef, useState } from 'react';

/** Nearer to the end than this counts as being there. */
const NEAR_PX = 80;

const isNearBottom = (element: HTMLElement) => element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX;

/** Follows the end of what grows in the scroller, as long as the reader is there; who scrolls up is left in peace. */
export function useStickToBottom(scroller: HTMLElement | null) {
  const [isAtBottom, setAtBottom] = useState(true);
  const sticks = useRef(true);

  const scrollToBottom = useCallback(() => {
    sticks.current = true;
    setAtBottom(true);
    if (scroller) scroller.scrollTop = scroller.scrollHeight;
  }, [scroller]);

  useEffect(() => {
    if (!scroller) return undefined;
    const onScroll = () => {
      sticks.current = isNearBottom(scroller);
      setAtBottom(sticks.current);
    };
    const follow = () => {
      if (sticks.current) scroller.scrollTop = scroller.scrollHeight;
    };
    const observer = new ResizeObserver(follow);
    for (const child of scroller.children) observer.observe(child);
    observer.observe(scroller);
    scroller.addEventListener('scroll', onScroll, { passive: true });
    follow();
    return () => {
      observer.disconnect();
      scroller.removeEventListener('scroll', onScroll);
    };
  }, [scroller]);

  return { isAtBottom, scrollToBottom };
}
