import { Search, X } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../../ui/button.tsx';
import { Input } from '../../ui/field.tsx';
import { useFacetNames } from './facet-panel.tsx';
import { type Facet, facets, isNarrowed, type ListSearch, type Sort, sorts, withFacet } from './list-search.ts';

const TYPING_PAUSE_MS = 250;

export interface SearchBarProps {
  readonly search: ListSearch;
  onSearch(next: ListSearch): void;
}

/** Words to look for; the list follows a moment after the last letter. */
function Words({ search, onSearch }: SearchBarProps) {
  const { t } = useTranslation();
  const [draft, setDraft] = useState(search.search ?? '');
  const latest = useRef({ search, onSearch });
  latest.current = { search, onSearch };
  useEffect(() => {
    const { search: current, onSearch: tell } = latest.current;
    if (draft.trim() === (current.search ?? '')) return;
    const timer = setTimeout(() => {
      const { search: _, ...rest } = current;
      tell(draft.trim() === '' ? rest : { ...rest, search: draft.trim() });
    }, TYPING_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [draft]);
  return (
    <div className="relative min-w-0 flex-1 basis-56">
      <Search aria-hidden className="pointer-events-none absolute top-2.5 left-3 size-4 text-muted-foreground" />
      <Input
        type="search"
        aria-label={t('registry.search')}
        placeholder={t('registry.search')}
        className="pl-9"
        maxLength={200}
        autoComplete="off"
        spellCheck={false}
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
      />
    </div>
  );
}

/** Each filter that holds, with a cross that ends it. */
function Chosen({ search, onSearch }: SearchBarProps) {
  const { t } = useTranslation();
  const nameOf = useFacetNames();
  const chosen = facets.flatMap((facet): [Facet, string][] => (search[facet] === undefined ? [] : [[facet, search[facet]]]));
  if (chosen.length === 0) return null;
  return (
    <ul aria-label={t('registry.filter')} className="flex flex-wrap gap-2">
      {chosen.map(([facet, value]) => (
        <li key={facet}>
          <Button size="small" onClick={() => onSearch(withFacet(search, facet, undefined))}>
            <span className="text-muted-foreground">{t(`registry.facets.${facet}`)}</span> {nameOf(facet, value)}
            <X aria-hidden />
            <span className="sr-only">{t('registry.removeFilter')}</span>
          </Button>
        </li>
      ))}
      {chosen.length > 1 && isNarrowed(search) && (
        <li>
          <Button size="small" look="ghost" onClick={() => onSearch({})}>
            {t('registry.clear')}
          </Button>
        </li>
      )}
    </ul>
  );
}

function Order({ search, onSearch }: SearchBarProps) {
  const { t } = useTranslation();
  return (
    <select
      aria-label={t('registry.sort')}
      className="h-9 rounded-md border border-input bg-card px-2"
      value={search.sort ?? 'updated'}
      onChange={(event) => {
        const { sort: _, ...rest } = search;
        const sort = event.target.value as Sort;
        onSearch(sort === 'updated' ? rest : { ...rest, sort });
      }}
    >
      {sorts.map((sort) => (
        <option key={sort} value={sort}>
          {t(`registry.sorts.${sort}`)}
        </option>
      ))}
    </select>
  );
}

export function SearchBar({ children, ...props }: SearchBarProps & { readonly children?: ReactNode }) {
  return (
    <search className="grid gap-3">
      <div className="flex flex-wrap items-center gap-2">
        <Words {...props} />
        <Order {...props} />
        {children}
      </div>
      <Chosen {...props} />
    </search>
  );
}
