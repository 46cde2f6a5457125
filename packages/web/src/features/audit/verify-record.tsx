import type { AuditVerification } from '@cluster-ai/contracts';
import { CircleCheck, ShieldAlert } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useFormat, useLanguage } from '../../i18n/i18n.ts';

/** What reading the whole record has shown. */
export function VerificationNotice({ verification }: { readonly verification: AuditVerification }) {
  const { t } = useTranslation();
  const format = useFormat();
  const language = useLanguage();
  const { isIntact, entries, checkpoints, problem } = verification;
  if (isIntact || problem === null)
    return (
      <div role="status" className="flex items-start gap-3 rounded-lg border border-ready/40 bg-ready/5 p-3">
        <CircleCheck aria-hidden className="mt-0.5 size-4 shrink-0 text-ready" />
        <div>
          <p className="font-medium">{t('audit.intact')}</p>
          <p>{t('audit.intactText', { entries: format.number(entries), checkpoints: format.number(checkpoints) })}</p>
        </div>
      </div>
    );
  return (
    <div role="alert" className="flex items-start gap-3 rounded-lg border border-fail/40 bg-fail/5 p-3">
      <ShieldAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-fail" />
      <div className="grid min-w-0 gap-1">
        <p className="font-medium">{t('audit.broken', { sequence: format.number(problem.sequence) })}</p>
        <p>{t(`audit.problems.${problem.kind}`)}</p>
        {language !== 'en' && (
          <p lang="en" className="break-words text-muted-foreground">
            {problem.message}
          </p>
        )}
        <p className="text-muted-foreground">{t('audit.brokenHint')}</p>
      </div>
    </div>
  );
}
