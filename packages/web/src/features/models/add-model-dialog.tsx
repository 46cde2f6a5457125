import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useApp } from '../../api/app-context.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Check, Field } from '../../ui/field.tsx';
import { ErrorNotice } from '../../ui/notice.tsx';

/** Registers a file of the first machine under a name. */
export function AddModelDialog({ isOpen, onClose }: { readonly isOpen: boolean; onClose(): void }) {
  const { t } = useTranslation();
  const { cluster, queryClient } = useApp();
  const [name, setName] = useState('');
  const [path, setPath] = useState('');
  const [inPlace, setInPlace] = useState(false);
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);

  async function add(): Promise<void> {
    setBusy(true);
    setError(undefined);
    try {
      const model = await cluster.addModel({ name: name.trim(), path: path.trim(), inPlace });
      await queryClient.invalidateQueries({ queryKey: ['models'] });
      toast.success(t('models.added', { name: model.name }));
      setName('');
      setPath('');
      onClose();
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Dialog isOpen={isOpen} onClose={onClose} title={t('models.add')} description={t('models.addText')}>
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void add();
        }}
      >
        <Field
          label={t('models.name')}
          value={name}
          maxLength={255}
          required
          autoComplete="off"
          onChange={(event) => setName(event.target.value)}
        />
        <Field
          label={t('models.path')}
          help={t('models.pathHelp')}
          value={path}
          maxLength={4096}
          required
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setPath(event.target.value)}
        />
        <Check label={t('models.inPlace')} checked={inPlace} onChange={setInPlace} />
        {error !== undefined && <ErrorNotice error={error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button type="submit" look="primary" disabled={isBusy || name.trim() === '' || path.trim() === ''}>
            {isBusy ? t('models.adding') : t('models.add')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
