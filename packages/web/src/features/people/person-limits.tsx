import type { Person } from '@cluster-ai/contracts';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useApp } from '../../api/app-context.ts';
import { usePersonUsage } from '../../api/queries.ts';
import { useMay } from '../../api/use-may.ts';
import { Button } from '../../ui/button.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { LimitFields } from '../limits/limit-fields.tsx';
import { findWrongLimits, toLimits, toLimitTexts } from '../limits/limit-texts.ts';
import { UsagePanel } from '../limits/usage-panel.tsx';

function LimitDialog({ person, onClose }: { readonly person: Person; onClose(): void }) {
  const { t } = useTranslation();
  const { cluster, queryClient } = useApp();
  const [limits, setLimits] = useState(() => toLimitTexts(person.limits));

  async function save(): Promise<void> {
    await cluster.updatePerson(person.id, { limits: toLimits(limits) });
    await queryClient.invalidateQueries({ queryKey: ['people'] });
    toast.success(t('limits.saved', { name: person.name }));
    onClose();
  }

  return (
    <FormDialog
      title={t('limits.change', { name: person.name })}
      description={t('limits.changeText')}
      action={t('common.save')}
      isReady={findWrongLimits(limits).length === 0}
      onClose={onClose}
      onSubmit={save}
    >
      <LimitFields limits={limits} onChange={setLimits} />
    </FormDialog>
  );
}

/** What somebody has used with all keys together, how much of the limits that is, and a change of them. */
export function PersonLimits({ person }: { readonly person: Person }) {
  const { t } = useTranslation();
  const may = useMay();
  const usage = usePersonUsage(person.id);
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <UsagePanel
        usage={usage}
        actions={
          may('people:write') && (
            <Button size="small" onClick={() => setOpen(true)}>
              {t('limits.edit')}
            </Button>
          )
        }
      />
      {isOpen && <LimitDialog person={person} onClose={() => setOpen(false)} />}
    </>
  );
}
