import { cn } from './cn.ts';

export interface MeterProps {
  readonly label: string;
  /** 0 to 1. */
  readonly value: number;
  /** What the number means, in words: "3.1 of 8 GiB". */
  readonly text: string;
  readonly className?: string;
  /** From here on the bar warns. */
  readonly high?: number;
}

/** How full something is: a bar, and always the words too. */
export function Meter({ label, value, text, className, high = 0.9 }: MeterProps) {
  const share = Math.min(1, Math.max(0, value));
  return (
    // biome-ignore lint/a11y/useSemanticElements: <meter> cannot be given colours in all browsers
    <div
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(share * 100)}
      aria-valuetext={text}
      className={cn('h-1.5 overflow-hidden rounded-full bg-muted', className)}
    >
      <div className={cn('h-full rounded-full', share >= high ? 'bg-warn' : 'bg-primary')} style={{ width: `${share * 100}%` }} />
    </div>
  );
}
