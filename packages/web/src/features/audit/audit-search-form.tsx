import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../../ui/button.tsx';
import { Field, FieldChoice } from '../../ui/field.tsx';
import { type AuditSearch, results } from './audit-filter.ts';

const words = ['search', 'actor', 'action'] as const;
const times = ['since', 'until'] as const;
type TextName = (typeof words)[number] | (typeof times)[number];

/** What to look for in the record. */
export function AuditSearchForm({ search, onSearch }: { readonly search: AuditSearch; onSearch(next: AuditSearch): void }) {
  const { t } = useTranslation();
  const [draft, setDraft] = useState<AuditSearch>(search);
  const isNarrowed = Object.keys(search).length > 0;
  const text = (name: TextName) => (
    <Field
      key={name}
      label={t(`audit.filters.${name}`)}
      type={name === 'since' || name === 'until' ? 'datetime-local' : 'text'}
      maxLength={200}
      autoComplete="off"
      spellCheck={false}
      value={draft[name] ?? ''}
      onChange={(event) => setDraft({ ...draft, [name]: event.target.value })}
    />
  );
  return (
    <search className="rounded-xl border bg-card p-4">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onSearch(draft);
        }}
      >
        <div className="grid grid-cols-2 items-end gap-3 lg:grid-cols-4">
          {words.map(text)}
          <FieldChoice<NonNullable<AuditSearch['result']> | ''>
            label={t('audit.filters.result')}
            value={draft.result ?? ''}
            choices={(['', ...results] as const).map((value) => ({
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
          {times.map((name) => (
            <div key={name} className="col-span-2 lg:col-span-1">
              {text(name)}
            </div>
          ))}
          <div className="col-span-2 flex flex-wrap justify-end gap-2">
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
        </div>
      </form>
    </search>
  );
}
