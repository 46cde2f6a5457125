import type { Certificate } from '@cluster-ai/contracts';
import { useTranslation } from 'react-i18next';
import { useExplainCondition } from '../../i18n/explain.ts';
import { useFormat } from '../../i18n/i18n.ts';
import { Chip } from '../../ui/chip.tsx';
import { Fact } from '../../ui/fact.tsx';
import { Reason, StateIcon } from '../../ui/state-badge.tsx';
import { useNow } from '../../ui/use-now.ts';

/** One certificate: whose it is, who made it, until when, and what is wrong with it. */
export function CertificateRow({ certificate }: { readonly certificate: Certificate }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const { condition, expiresAt, fingerprint, names, owner, purpose, source } = certificate;
  const { message } = useExplainCondition()(condition);
  return (
    <li className="grid gap-1.5 border-t px-4 py-3.5 first:border-t-0">
      <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <StateIcon state={condition.state} />
        <h2 className="min-w-0 font-medium [overflow-wrap:anywhere]">{owner}</h2>
        <Chip>{t(`certificates.purposes.${purpose}`)}</Chip>
        <span className="text-muted-foreground text-xs">{t(`certificates.sources.${source}`)}</span>
      </div>
      <dl className="flex flex-wrap gap-x-5 gap-y-1 text-[0.8125rem]">
        <Fact name={t('certificates.ends')}>
          <time dateTime={expiresAt}>
            {format.dateTime(expiresAt)} ({format.distance(Date.parse(expiresAt) - now)})
          </time>
        </Fact>
        {names.length > 0 && <Fact name={t('certificates.names')}>{names.join(', ')}</Fact>}
        {fingerprint !== '' && (
          <Fact name={t('certificates.fingerprint')}>
            <code className="font-mono text-xs">{fingerprint}</code>
          </Fact>
        )}
      </dl>
      {condition.state === 'ready' ? <p className="text-[0.8125rem]">{message}</p> : <Reason condition={condition} />}
    </li>
  );
}
