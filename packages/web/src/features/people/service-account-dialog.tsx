import type { Person, Role } from '@cluster-ai/contracts';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApp } from '../../api/app-context.ts';
import { Field } from '../../ui/field.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { ModelChoice } from '../grants/model-choice.tsx';
import { everyModel, toPatterns } from '../grants/model-wish.ts';
import { FoldedLimits } from '../limits/limit-fields.tsx';
import { findWrongLimits, noLimits, toLimits } from '../limits/limit-texts.ts';
import { RoleChoice } from './role-choice.tsx';

interface ServiceAccountDialogProps {
  onClose(): void;
  onMade(account: Person): void;
}

/** Makes an account for programs. */
export function ServiceAccountDialog({ onClose, onMade }: ServiceAccountDialogProps) {
  const { t } = useTranslation();
  const { cluster, queryClient } = useApp();
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('developer');
  const [models, setModels] = useState(everyModel);
  const [limits, setLimits] = useState(noLimits);

  async function create(): Promise<void> {
    const made = await cluster.createServiceAccount({ name, role, models: toPatterns(models), limits: toLimits(limits) });
    await queryClient.invalidateQueries({ queryKey: ['people'] });
    onMade(made);
  }

  return (
    <FormDialog
      title={t('services.add')}
      description={t('services.addText')}
      action={t('services.add')}
      isReady={name.trim() !== '' && findWrongLimits(limits).length === 0}
      onClose={onClose}
      onSubmit={create}
    >
      <Field
        label={t('people.name')}
        help={t('services.nameHelp')}
        required
        maxLength={64}
        autoComplete="off"
        spellCheck={false}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <RoleChoice role={role} onChoose={setRole} />
      <ModelChoice wish={models} onChange={setModels} />
      <FoldedLimits limits={limits} onChange={setLimits} />
    </FormDialog>
  );
}
