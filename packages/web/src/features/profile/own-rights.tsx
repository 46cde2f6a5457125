import type { Profile } from '@cluster-ai/contracts';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useRightWord } from '../../i18n/explain.ts';
import { Button } from '../../ui/button.tsx';
import { Panel } from '../../ui/surface.tsx';

/** What one may do here, in words. */
export function OwnRights({ permissions }: Pick<Profile, 'permissions'>) {
  const { t } = useTranslation();
  const rightWord = useRightWord();
  return (
    <Panel
      title={t('profile.rights')}
      actions={
        <Button asChild size="small">
          <Link to="/roles">{t('profile.allRoles')}</Link>
        </Button>
      }
    >
      <ul className="grid gap-x-6 gap-y-1 sm:grid-cols-2 lg:grid-cols-3">
        {permissions
          .filter((permission) => permission !== 'public')
          .map((permission) => (
            <li key={permission} className="flex flex-wrap items-baseline justify-between gap-x-3">
              {rightWord(permission)}
              <code className="font-mono text-muted-foreground text-xs">{permission}</code>
            </li>
          ))}
      </ul>
    </Panel>
  );
}
