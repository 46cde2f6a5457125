import { X } from 'lucide-react';
import { Dialog as Radix } from 'radix-ui';
import { type ReactNode, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { cn } from './cn.ts';
import { IconButton } from './icon-button.tsx';

export interface DialogProps {
  readonly isOpen: boolean;
  onClose(): void;
  readonly title: string;
  readonly description?: string;
  readonly className?: string;
  readonly children: ReactNode;
}

/** Radix gives the focus back to a trigger of its own, which our dialogs do not have: to the element that had it. */
function useFocusReturn() {
  const before = useRef<Element | null>(null);
  return {
    noteFocus: () => {
      before.current = document.activeElement;
    },
    returnFocus: (event: Event) => {
      if (!(before.current instanceof HTMLElement) || !before.current.isConnected) return;
      event.preventDefault();
      before.current.focus();
    },
  };
}

/** A window over the page. Escape and a click beside it close it; the focus returns to where it was. */
export function Dialog({ isOpen, onClose, title, description, className, children }: DialogProps) {
  const { t } = useTranslation();
  const { noteFocus, returnFocus } = useFocusReturn();
  return (
    <Radix.Root open={isOpen} onOpenChange={(open) => !open && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-black/50 data-[state=open]:animate-appear" />
        <Radix.Content
          {...(description === undefined ? { 'aria-describedby': undefined } : {})}
          onOpenAutoFocus={noteFocus}
          onCloseAutoFocus={returnFocus}
          className={cn(
            'fixed top-1/2 left-1/2 z-50 flex max-h-[92dvh] w-[calc(100vw-1.5rem)] max-w-lg -translate-x-1/2 -translate-y-1/2 flex-col overflow-hidden rounded-xl border bg-popover text-popover-foreground shadow-xl',
            className,
          )}
        >
          <header className="border-b py-4 pr-12 pl-5">
            <div className="min-w-0">
              <Radix.Title className="font-semibold text-base">{title}</Radix.Title>
              {description && <Radix.Description className="mt-1 text-muted-foreground">{description}</Radix.Description>}
            </div>
          </header>
          <div className="overflow-y-auto px-5 py-4">{children}</div>
          {/* Last, so that the focus begins at the first field. */}
          <Radix.Close asChild>
            <IconButton label={t('common.close')} size="icon-small" className="absolute top-3.5 right-3.5">
              <X />
            </IconButton>
          </Radix.Close>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
