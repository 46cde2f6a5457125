import type { Person } from '@cluster-ai/contracts';
import { Ban, Bot, ShieldCheck } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useMe } from '../../api/queries.ts';
import { Chip } from '../../ui/chip.tsx';

/** What a login is, in words beside its name. */
export function PersonChips({ person: { id, kind, role, state, hasPassword, hasTotp } }: { readonly person: Person }) {
  const { t } = useTranslation();
  const { data: me } = useMe();
  const isService = kind === 'service';
  return (
    <>
      <Chip>{t(`roles.${role}`)}</Chip>
      {isService && <Chip icon={<Bot aria-hidden />}>{t('people.service')}</Chip>}
      {id === me?.person?.id && <Chip>{t('people.you')}</Chip>}
      {state === 'disabled' && (
        <Chip tone="over" icon={<Ban aria-hidden />}>
          {t('people.disabled')}
        </Chip>
      )}
      {!hasPassword && !isService && state === 'active' && <Chip tone="over">{t('people.noPassword')}</Chip>}
      {hasTotp && (
        <Chip tone="good" icon={<ShieldCheck aria-hidden />}>
          {t('people.hasCodes')}
        </Chip>
      )}
    </>
  );
}
