import type { Person } from '@cluster-ai/contracts';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useApp } from '../../api/app-context.ts';
import { useMay } from '../../api/use-may.ts';
import { Button } from '../../ui/button.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { Panel } from '../../ui/surface.tsx';
import { GrantedModels } from '../grants/granted-models.tsx';
import { ModelChoice } from '../grants/model-choice.tsx';
import { toModelWish, toPatterns } from '../grants/model-wish.ts';

function GrantDialog({ person, onClose }: { readonly person: Person; onClose(): void }) {
  const { t } = useTranslation();
  const { cluster, queryClient } = useApp();
  const [wish, setWish] = useState(() => toModelWish(person.models));

  async function save(): Promise<void> {
    await cluster.updatePerson(person.id, { models: toPatterns(wish) });
    await queryClient.invalidateQueries({ queryKey: ['people'] });
    toast.success(t('grants.saved', { name: person.name }));
    onClose();
  }

  return (
    <FormDialog
      title={t('grants.change', { name: person.name })}
      description={t('grants.changeText')}
      action={t('common.save')}
      onClose={onClose}
      onSubmit={save}
    >
      <ModelChoice wish={wish} onChange={setWish} />
    </FormDialog>
  );
}

/** Which models somebody may use, and a change of that. */
export function PersonModels({ person }: { readonly person: Person }) {
  const { t } = useTranslation();
  const may = useMay();
  const [isOpen, setOpen] = useState(false);
  return (
    <Panel
      title={t('grants.models')}
      actions={
        may('people:write') && (
          <Button size="small" onClick={() => setOpen(true)}>
            {t('grants.edit')}
          </Button>
        )
      }
    >
      <GrantedModels models={person.models} />
      {isOpen && <GrantDialog person={person} onClose={() => setOpen(false)} />}
    </Panel>
  );
}
