import type { SecretsStatus } from '@cluster-ai/contracts';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useApp } from '../../api/app-context.ts';
import { FieldChoice } from '../../ui/field.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';

/** What is replaced where no single purpose is named. No purpose has these names: they begin with a sign. */
const ALL = '*data';
const MASTER = '*master';

const toInput = (what: string) => {
  if (what === MASTER) return { what: 'master' } as const;
  return what === ALL ? ({ what: 'data' } as const) : ({ what: 'data', purpose: what } as const);
};

/** Replaces keys: which ones, and what that does. */
export function RotateDialog({ status, onClose }: { readonly status: SecretsStatus; onClose(): void }) {
  const { t } = useTranslation();
  const { cluster, queryClient } = useApp();
  const [what, setWhat] = useState(ALL);
  const purposes = [...new Set(status.dataKeys.map(({ purpose }) => purpose))];
  const isMaster = what === MASTER;

  async function rotate(): Promise<void> {
    queryClient.setQueryData(['secrets'], await cluster.rotateSecrets(toInput(what)));
    toast.success(t(isMaster ? 'secrets.masterRotated' : 'secrets.rotationBegun'));
    onClose();
  }

  return (
    <FormDialog
      title={t('secrets.rotate')}
      description={t('secrets.rotateText')}
      action={t('secrets.rotate')}
      onClose={onClose}
      onSubmit={rotate}
    >
      <FieldChoice
        label={t('secrets.which')}
        help={t(isMaster ? 'secrets.masterHelp' : 'secrets.dataHelp')}
        value={what}
        choices={[
          { value: ALL, label: t('secrets.allData') },
          ...purposes.map((purpose) => ({ value: purpose, label: t('secrets.onlyFor', { purpose }) })),
          { value: MASTER, label: t('secrets.masterOnly') },
        ]}
        onChoose={setWhat}
      />
    </FormDialog>
  );
}
