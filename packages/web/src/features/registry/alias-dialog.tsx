import type { CatalogVersion } from '@cluster-ai/contracts';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useApp } from '../../api/app-context.ts';
import { useMay } from '../../api/use-may.ts';
import { Check, Field } from '../../ui/field.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { versionName } from './version-name.ts';

export interface AliasDialogProps {
  readonly model: string;
  readonly version: CatalogVersion;
  onClose(): void;
}

/** Points an alias to a version: a new one, or one that pointed elsewhere. */
export function AliasDialog({ model, version, onClose }: AliasDialogProps) {
  const { t } = useTranslation();
  const may = useMay();
  const { cluster, queryClient } = useApp();
  const [alias, setAlias] = useState('');
  const [isProtected, setProtected] = useState(false);
  async function point(): Promise<void> {
    const name = alias.trim();
    await cluster.putAlias(model, name, { version: version.version, ...(isProtected ? { isProtected } : {}) });
    await queryClient.invalidateQueries({ queryKey: ['registry', 'model', model] });
    toast.success(t('registry.aliasSet', { alias: name, version: versionName(version) }));
    onClose();
  }
  return (
    <FormDialog
      title={t('registry.aliasTitle', { version: versionName(version) })}
      description={t('registry.aliasText')}
      action={t('registry.aliasAction')}
      isReady={alias.trim() !== ''}
      onClose={onClose}
      onSubmit={point}
    >
      <Field
        label={t('registry.alias')}
        help={t('registry.aliasHelp')}
        value={alias}
        maxLength={80}
        required
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => setAlias(event.target.value)}
      />
      {may('models:protect') && <Check label={t('registry.aliasProtect')} checked={isProtected} onChange={setProtected} />}
    </FormDialog>
  );
}
