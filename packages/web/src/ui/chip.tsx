import type { ReactNode } from 'react';
import { cn } from './cn.ts';

export interface ChipProps {
  /** Good, over, or neither. Never said by the colour alone: the words are the same without it. */
  readonly tone?: 'plain' | 'good' | 'over';
  readonly icon?: ReactNode;
  readonly children: ReactNode;
}

const tones = { plain: 'text-foreground', good: 'text-ready', over: 'text-idle' } as const;

/** A word about something, beside its name. */
export function Chip({ tone = 'plain', icon, children }: ChipProps) {
  return (
    <span
      className={cn(
        'inline-flex items-center gap-1 whitespace-nowrap rounded-md border px-1.5 py-0.5 text-xs [&_svg]:size-3.5',
        tones[tone],
      )}
    >
      {icon}
      {children}
    </span>
  );
}
