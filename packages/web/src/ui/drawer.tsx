import { cn } from './cn.ts';
import { Dialog, type DialogProps } from './dialog.tsx';

/** A dialog at the side of the page, as high as the window: what is behind it stays in view. On a phone it fills the window. */
export function Drawer({ className, ...props }: DialogProps) {
  return (
    <Dialog
      className={cn(
        'top-0 right-0 left-auto h-dvh max-h-dvh w-full max-w-full translate-x-0 translate-y-0 rounded-none border-y-0 border-r-0 sm:max-w-sm',
        className,
      )}
      {...props}
    />
  );
}
