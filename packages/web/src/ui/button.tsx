import { cva, type VariantProps } from 'class-variance-authority';
import { Slot } from 'radix-ui';
import type { ComponentProps } from 'react';
import { cn } from './cn.ts';

const buttonStyle = cva(
  'inline-flex shrink-0 select-none items-center justify-center gap-2 whitespace-nowrap rounded-md font-medium transition-colors duration-150 disabled:pointer-events-none disabled:opacity-50 [&_svg]:size-4 [&_svg]:shrink-0',
  {
    variants: {
      look: {
        primary: 'bg-primary text-primary-foreground hover:bg-primary/90',
        outline: 'border bg-card hover:bg-muted',
        ghost: 'hover:bg-muted',
        danger: 'border border-fail/50 bg-card text-fail hover:bg-fail/10',
      },
      size: { normal: 'h-9 px-3.5', small: 'h-8 px-2.5 text-[0.8125rem]', icon: 'size-9', 'icon-small': 'size-7' },
    },
    defaultVariants: { look: 'outline', size: 'normal' },
  },
);

export interface ButtonProps extends ComponentProps<'button'>, VariantProps<typeof buttonStyle> {
  /** Lends the look to its only child, a link for example. */
  readonly asChild?: boolean;
}

export function Button({ look, size, asChild = false, className, ...props }: ButtonProps) {
  const Component = asChild ? Slot.Root : 'button';
  return <Component {...(asChild ? {} : { type: 'button' as const })} className={cn(buttonStyle({ look, size }), className)} {...props} />;
}
