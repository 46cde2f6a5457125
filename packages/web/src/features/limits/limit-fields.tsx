import { limitNames } from '@cluster-ai/contracts';
import { useTranslation } from 'react-i18next';
import { Field } from '../../ui/field.tsx';
import { findWrongLimits, type LimitTexts } from './limit-texts.ts';

export interface LimitFieldsProps {
  readonly limits: LimitTexts;
  onChange(limits: LimitTexts): void;
}

/** A field for each limit. */
export function LimitFields({ limits, onChange }: LimitFieldsProps) {
  const { t } = useTranslation();
  const wrong = findWrongLimits(limits);
  return (
    <div className="grid gap-3 sm:grid-cols-2">
      {limitNames.map((name) => (
        <Field
          key={name}
          label={t(`keys.limitNames.${name}`)}
          error={wrong.includes(name) && t('keys.wrongLimit')}
          placeholder={t('keys.noLimit')}
          inputMode="numeric"
          autoComplete="off"
          value={limits[name]}
          onChange={(event) => onChange({ ...limits, [name]: event.target.value })}
        />
      ))}
    </div>
  );
}

/** The same behind a line, where limits are the exception. */
export function FoldedLimits(props: LimitFieldsProps) {
  const { t } = useTranslation();
  return (
    <details className="rounded-md border px-3 py-2">
      <summary className="min-h-6 cursor-pointer font-medium">{t('keys.limits')}</summary>
      <div className="mt-2 pb-1">
        <LimitFields {...props} />
      </div>
    </details>
  );
}
