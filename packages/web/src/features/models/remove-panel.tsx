import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useApp } from '../../api/app-context.ts';
import { Button } from '../../ui/button.tsx';
import { Confirm } from '../../ui/confirm.tsx';
import { Panel } from '../../ui/surface.tsx';

/** The way to remove a model with all its versions. */
export function RemovePanel({ name }: { readonly name: string }) {
  const { t } = useTranslation();
  const { cluster, queryClient } = useApp();
  const navigate = useNavigate();
  const [isOpen, setOpen] = useState(false);
  async function remove(): Promise<void> {
    await cluster.removeModel(name);
    toast.success(t('models.deleted', { name }));
    await navigate({ to: '/models' });
    queryClient.removeQueries({ queryKey: ['models', name] });
    queryClient.removeQueries({ queryKey: ['registry', 'model', name] });
    await Promise.all([queryClient.invalidateQueries({ queryKey: ['models'] }), queryClient.invalidateQueries({ queryKey: ['registry'] })]);
  }
  return (
    <Panel title={t('models.danger')}>
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="max-w-xl text-muted-foreground">{t('models.deleteText')}</p>
        <Button look="danger" onClick={() => setOpen(true)}>
          {t('models.delete')}
        </Button>
      </div>
      {isOpen && (
        <Confirm
          name={name}
          title={t('models.delete')}
          description={t('models.deleteText')}
          action={t('models.delete')}
          onClose={() => setOpen(false)}
          onConfirm={remove}
        />
      )}
    </Panel>
  );
}
