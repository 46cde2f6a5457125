import type { Person } from '@cluster-ai/contracts';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useApp } from '../../api/app-context.ts';
import { useMe } from '../../api/queries.ts';
import { Button } from '../../ui/button.tsx';
import { Confirm } from '../../ui/confirm.tsx';
import { Panel } from '../../ui/surface.tsx';
import { ExportButton } from './export-button.tsx';

const consequences = ['login', 'chats', 'keys', 'record', 'backups'] as const;

function EraseDialog({ person: { id, name }, onClose }: { readonly person: Person; onClose(): void }) {
  const { t } = useTranslation();
  const { cluster, queryClient } = useApp();
  const navigate = useNavigate();

  async function erase(): Promise<void> {
    const { chats, keys } = await cluster.erasePerson(id);
    await navigate({ to: '/people' });
    for (const key of ['people', 'keys', 'access']) void queryClient.invalidateQueries({ queryKey: [key] });
    toast.success(t('privacy.erased', { name, chats, keys }));
  }

  return (
    <Confirm
      name={name}
      title={t('privacy.eraseTitle', { name })}
      description={t('privacy.eraseLead')}
      action={t('privacy.erase')}
      onClose={onClose}
      onConfirm={erase}
    >
      <ul className="grid list-disc gap-1.5 pl-5">
        {consequences.map((what) => (
          <li key={what}>{t(`privacy.consequences.${what}`)}</li>
        ))}
      </ul>
    </Confirm>
  );
}

/** What the law gives people, done by an admin: to be told what is known of them, and to be forgotten. */
export function PersonData({ person }: { readonly person: Person }) {
  const { t } = useTranslation();
  const { cluster } = useApp();
  const isOneself = useMe().data?.person?.id === person.id;
  const [isErasing, setErasing] = useState(false);
  return (
    <Panel title={t('privacy.title')}>
      <div className="grid gap-4">
        <ExportButton name={person.name} text={t('privacy.exportText')} getData={() => cluster.exportPerson(person.id)} />
        <div className="flex flex-wrap items-center justify-between gap-3 border-t pt-4">
          <p className="min-w-0 max-w-xl flex-1 basis-64 text-muted-foreground">
            {t(isOneself ? 'privacy.notOneself' : 'privacy.eraseText')}
          </p>
          {!isOneself && (
            <Button look="danger" onClick={() => setErasing(true)}>
              {t('privacy.erase')}
            </Button>
          )}
        </div>
      </div>
      {isErasing && <EraseDialog person={person} onClose={() => setErasing(false)} />}
    </Panel>
  );
}
