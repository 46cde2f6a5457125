import type { ApiKey } from '@cluster-ai/contracts';
import { CircleCheck, CircleSlash2, Clock } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useApp } from '../../api/app-context.ts';
import { useKeyUsage } from '../../api/queries.ts';
import { useMay } from '../../api/use-may.ts';
import { useRightWord } from '../../i18n/explain.ts';
import { useFormat } from '../../i18n/i18n.ts';
import { Age } from '../../ui/age.tsx';
import { Button } from '../../ui/button.tsx';
import { Chip } from '../../ui/chip.tsx';
import { Confirm } from '../../ui/confirm.tsx';
import { Fact } from '../../ui/fact.tsx';
import { useNow } from '../../ui/use-now.ts';
import { type KeyState, toKeyState } from './key-state.ts';

const icons = { active: CircleCheck, expired: Clock, revoked: CircleSlash2 } as const;

function StateChip({ state }: { readonly state: KeyState }) {
  const { t } = useTranslation();
  const Icon = icons[state];
  return (
    <Chip tone={state === 'active' ? 'good' : 'over'} icon={<Icon aria-hidden />}>
      {t(`keys.states.${state}`)}
    </Chip>
  );
}

function Expiry({ apiKey, state }: { readonly apiKey: ApiKey; readonly state: KeyState }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  if (apiKey.revokedAt !== null) return <Age iso={apiKey.revokedAt} />;
  if (apiKey.expiresAt === null) return t('common.never');
  if (state === 'expired') return <Age iso={apiKey.expiresAt} />;
  return (
    <time dateTime={apiKey.expiresAt} title={format.dateTime(apiKey.expiresAt)}>
      {format.distance(Date.parse(apiKey.expiresAt) - now)}
    </time>
  );
}

/** What the key has used this month, and how near it is to its limits. */
function Usage({ keyId }: { readonly keyId: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { data: report } = useKeyUsage(keyId);
  if (!report) return null;
  const { requests, tokens } = report.month;
  return (
    <>
      <Fact name={t('keys.used')}>
        <span className="tabular">
          {t('keys.requests', { count: requests, number: format.number(requests) })},{' '}
          {t('keys.tokens', { count: tokens, number: format.number(tokens) })}
        </span>
      </Fact>
      {report.limits.map(({ name, limit, used }) => (
        <Fact key={name} name={t(`keys.limitNames.${name}`)}>
          <span className="tabular">{t('keys.usedOf', { used: format.number(used), limit: format.number(limit) })}</span>
        </Fact>
      ))}
    </>
  );
}

interface KeyRowProps {
  readonly apiKey: ApiKey;
  /** Named where keys of several people are shown. */
  readonly owner: string | undefined;
}

/** One key: whether it is taken, what it may, how it is used, and its end. */
export function KeyRow({ apiKey, owner }: KeyRowProps) {
  const { t } = useTranslation();
  const { cluster, queryClient } = useApp();
  const may = useMay();
  const rightWord = useRightWord();
  const state = toKeyState(apiKey, useNow());
  const [isAsking, setAsking] = useState(false);
  const { name, role, prefix, scopes, models } = apiKey;

  async function revoke(): Promise<void> {
    await cluster.revokeKey(apiKey.id);
    await queryClient.invalidateQueries({ queryKey: ['keys'] });
    toast.success(t('keys.revoked', { name }));
  }

  return (
    <li className="flex flex-wrap items-start gap-x-4 gap-y-2 border-t px-4 py-3.5 first:border-t-0">
      <div className="grid min-w-0 flex-1 basis-72 gap-1.5">
        <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <h2 className="min-w-0 font-medium [overflow-wrap:anywhere]">{name}</h2>
          <StateChip state={state} />
          <Chip>{t(`roles.${role}`)}</Chip>
          <code className="font-mono text-muted-foreground text-xs">{prefix}…</code>
        </div>
        <dl className="flex flex-wrap gap-x-5 gap-y-1 text-[0.8125rem]">
          {owner !== undefined && <Fact name={t('keys.owner')}>{owner}</Fact>}
          <Fact name={t('keys.may')}>{scopes === null ? t('keys.mayAll') : scopes.map(rightWord).join(', ') || t('keys.mayNothing')}</Fact>
          <Fact name={t('keys.modelsShort')}>{models === null ? t('keys.allModels') : models.join(', ')}</Fact>
          <Fact name={t(`keys.ends.${state}`)}>
            <Expiry apiKey={apiKey} state={state} />
          </Fact>
          <Fact name={t('keys.lastUsed')}>{apiKey.lastUsedAt === null ? t('common.never') : <Age iso={apiKey.lastUsedAt} />}</Fact>
          <Usage keyId={apiKey.id} />
        </dl>
      </div>
      {state === 'active' && may('keys:write') && (
        <Button look="danger" size="small" onClick={() => setAsking(true)}>
          {t('keys.revoke')}
          <span className="sr-only">{name}</span>
        </Button>
      )}
      {isAsking && (
        <Confirm
          title={t('keys.revokeTitle', { name })}
          description={t('keys.revokeText')}
          action={t('keys.revoke')}
          onClose={() => setAsking(false)}
          onConfirm={revoke}
        />
      )}
    </li>
  );
}
