import type { CatalogVersion } from '@cluster-ai/contracts';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useApp } from '../../api/app-context.ts';
import { Field } from '../../ui/field.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { versionName } from './version-name.ts';

export interface AllowDialogProps {
  readonly model: string;
  readonly version: CatalogVersion;
  /** Takes back what was allowed before. */
  readonly isUndo: boolean;
  onClose(): void;
}

/** Lets a suspicious version be used, with the reason for the audit record; or takes that back. */
export function AllowDialog({ model, version, isUndo, onClose }: AllowDialogProps) {
  const { t } = useTranslation();
  const { cluster, queryClient } = useApp();
  const [reason, setReason] = useState('');
  const name = versionName(version);
  const way = isUndo ? 'forbid' : 'allow';
  async function submit(): Promise<void> {
    await cluster.allowVersion(model, version.version, isUndo ? undefined : reason.trim());
    await queryClient.invalidateQueries({ queryKey: ['registry', 'model', model] });
    toast.success(t(`registry.${way}Done`, { version: name }));
    onClose();
  }
  return (
    <FormDialog
      title={t(`registry.${way}Title`, { version: name })}
      description={t(`registry.${way}Text`)}
      action={t(`registry.${way}Action`)}
      look={isUndo ? 'primary' : 'danger'}
      isReady={isUndo || reason.trim() !== ''}
      onClose={onClose}
      onSubmit={submit}
    >
      {!isUndo && (
        <Field
          label={t('registry.allowReason')}
          help={t('registry.allowReasonHelp')}
          value={reason}
          maxLength={500}
          required
          autoComplete="off"
          onChange={(event) => setReason(event.target.value)}
        />
      )}
    </FormDialog>
  );
}
