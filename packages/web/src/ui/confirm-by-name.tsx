import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';
import { Field } from './field.tsx';
import { ErrorNotice } from './notice.tsx';

export interface ConfirmByNameProps {
  /** What has to be typed. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly action: string;
  readonly isOpen: boolean;
  onClose(): void;
  onConfirm(): Promise<void>;
}

/** Asks for the name of what is about to be gone for good. */
export function ConfirmByName({ name, title, description, action, isOpen, onClose, onConfirm }: ConfirmByNameProps) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState('');
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);

  const close = () => {
    setTyped('');
    setError(undefined);
    onClose();
  };
  async function confirm(): Promise<void> {
    setBusy(true);
    try {
      await onConfirm();
      close();
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Dialog isOpen={isOpen} onClose={close} title={title} description={description}>
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void confirm();
        }}
      >
        <Field
          label={t('common.typeToConfirm', { name })}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          autoComplete="off"
          spellCheck={false}
        />
        {error !== undefined && <ErrorNotice error={error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={close}>{t('common.cancel')}</Button>
          <Button type="submit" look="danger" disabled={typed !== name || isBusy}>
            {action}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
