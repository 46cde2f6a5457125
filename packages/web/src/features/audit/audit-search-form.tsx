import { auditResults } from '@cluster-ai/contracts';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../../ui/button.tsx';
import { Field, FieldChoice } from '../../ui/field.tsx';
import type { AuditSearch } from './audit-filter.ts';

const names = ['search', 'actor', 'action', 'since', 'until'] as const;
const times: readonly string[] = ['since', 'until'];

/** What to look for in the record. */
export function AuditSearchForm({ search, onSearch }: { readonly search: AuditSearch; onSearch(next: AuditSearch): void }) {
  const { t } = useTranslation();
  const [draft, setDraft] = useState<AuditSearch>(search);
  const isNarrowed = Object.keys(search).length > 0;
  return (
    <search className="rounded-xl border bg-card p-4">
      <form
        className="grid gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          onSearch(draft);
        }}
      >
        <div className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3 xl:grid-cols-[1fr_1fr_1fr_13rem_13rem_9rem]">
          {names.map((name) => (
            <Field
              key={name}
              label={t(`audit.filters.${name}`)}
              type={times.includes(name) ? 'datetime-local' : 'text'}
              maxLength={200}
              autoComplete="off"
              spellCheck={false}
              value={draft[name] ?? ''}
              onChange={(event) => setDraft({ ...draft, [name]: event.target.value })}
            />
          ))}
          <FieldChoice<NonNullable<AuditSearch['result']> | ''>
            label={t('audit.filters.result')}
            value={draft.result ?? ''}
            choices={(['', ...auditResults] as const).map((value) => ({
              value,
              label: value === '' ? t('audit.anyResult') : t(`audit.results.${value}`),
            }))}
            onChoose={(value) => {
              const { result: _, ...rest } = draft;
              const next = value === '' ? rest : { ...rest, result: value };
              setDraft(next);
              onSearch(next);
            }}
          />
        </div>
        <div className="flex flex-wrap justify-end gap-2">
          {isNarrowed && (
            <Button
              look="ghost"
              onClick={() => {
                setDraft({});
                onSearch({});
              }}
            >
              {t('audit.clear')}
            </Button>
          )}
          <Button type="submit" look="primary">
            {t('audit.search')}
          </Button>
        </div>
      </form>
    </search>
  );
}
