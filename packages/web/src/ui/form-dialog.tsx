import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';
import { ErrorNotice } from './notice.tsx';
import { useAction } from './use-action.ts';

export interface FormDialogProps {
  readonly title: string;
  readonly description?: string;
  readonly action: string;
  readonly look?: 'primary' | 'danger';
  readonly isReady?: boolean;
  readonly className?: string;
  onClose(): void;
  /** Rejects when it was refused: the dialog stays open, with the reason. */
  onSubmit(): Promise<unknown>;
  readonly children?: ReactNode;
}

/** A question in a window over the page: fields, and what is done with them. Mounted while it is open. */
export function FormDialog({ action, look = 'primary', isReady = true, onClose, onSubmit, children, ...dialog }: FormDialogProps) {
  const { t } = useTranslation();
  const { isBusy, error, run } = useAction();
  return (
    <Dialog isOpen onClose={onClose} {...dialog}>
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (!isBusy) void run(onSubmit);
        }}
      >
        {children}
        {error !== undefined && <ErrorNotice error={error} />}
        <div className="flex flex-wrap justify-end gap-2">
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          {/* Not disabled while it works: a button that is loses the focus. */}
          <Button type="submit" look={look} disabled={!isReady} aria-disabled={isBusy}>
            {isBusy ? t('people.wait') : action}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
