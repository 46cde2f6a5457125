import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Field } from './field.tsx';
import { FormDialog } from './form-dialog.tsx';

export interface ConfirmProps {
  /** Has to be typed, for what is about to be gone for good. */
  readonly name?: string;
  readonly title: string;
  readonly description: string;
  readonly action: string;
  readonly look?: 'primary' | 'danger';
  /** What there is to know beyond the description. */
  readonly children?: ReactNode;
  onClose(): void;
  onConfirm(): Promise<void>;
}

/** Asks once more. Mounted while it is open. */
export function Confirm({ name, look = 'danger', children, onClose, onConfirm, ...dialog }: ConfirmProps) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState('');
  async function confirm(): Promise<void> {
    await onConfirm();
    onClose();
  }
  return (
    <FormDialog look={look} isReady={name === undefined || typed === name} onClose={onClose} onSubmit={confirm} {...dialog}>
      {children}
      {name !== undefined && (
        <Field
          label={t('common.typeToConfirm', { name })}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          autoComplete="off"
          spellCheck={false}
        />
      )}
    </FormDialog>
  );
}
