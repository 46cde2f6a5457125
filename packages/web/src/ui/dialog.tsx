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

/** Where the focus was before each dialog that is or was open, nearest first. */
const holdersOf = new WeakMap<Element, readonly Element[]>();

/**
 * Who gets the focus back: the element that has it; the button of the menu, where that is the entry of a menu, which closes; and where it is in a
 * dialog that another one replaces, what had it before that one.
 */
function findHolders(element: Element | null): readonly Element[] {
  if (element === null) return [];
  const menu = element.closest('[role="menu"]');
  const opener = menu && document.getElementById(menu.getAttribute('aria-labelledby') ?? '');
  const dialog = element.closest('[role="dialog"]');
  return [element, ...(opener ? [opener] : []), ...((dialog && holdersOf.get(dialog)) ?? [])];
}

/** Radix gives the focus back to a trigger of its own, which our dialogs do not have: to what had it, or else what led there. */
function useFocusReturn(isOpen: boolean) {
  const holders = useRef<readonly Element[]>([]);
  const wasOpen = useRef(false);
  // While it is drawn, not after: what had the focus may be gone by then.
  if (isOpen && !wasOpen.current) holders.current = findHolders(document.activeElement);
  wasOpen.current = isOpen;
  return {
    noteDialog: (dialog: Element | null) => void (dialog && holdersOf.set(dialog, holders.current)),
    returnFocus: (event: Event) => {
      const holder = holders.current.find((one) => one.isConnected && one !== document.body);
      if (!(holder instanceof HTMLElement)) return;
      event.preventDefault();
      holder.focus();
    },
  };
}

/** A window over the page. Escape and a click beside it close it; the focus returns to where it was. */
export function Dialog({ isOpen, onClose, title, description, className, children }: DialogProps) {
  const { t } = useTranslation();
  const { noteDialog, returnFocus } = useFocusReturn(isOpen);
  return (
    <Radix.Root open={isOpen} onOpenChange={(open) => !open && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-black/50 data-[state=open]:animate-appear" />
        <Radix.Content
          {...(description === undefined ? { 'aria-describedby': undefined } : {})}
          ref={noteDialog}
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
