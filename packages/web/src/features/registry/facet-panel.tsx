import type { FacetCounts } from '@cluster-ai/contracts';
import { Check, Filter } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../i18n/i18n.ts';
import { Button } from '../../ui/button.tsx';
import { Popover, PopoverContent, PopoverTrigger } from '../../ui/popover.tsx';
import { type Facet, facets, isNarrowed, type ListSearch, withFacet } from './list-search.ts';

const MOST_VALUES = 12;

/** How a value of a facet is called: sizes and frameworks have names, the others are as somebody wrote them. */
export function useFacetNames(): (facet: Facet, value: string) => string {
  const { t } = useTranslation();
  return (facet, value) => {
    if (facet === 'size') return t(`registry.sizes.${value as 'under-100mb'}`, { defaultValue: value });
    if (facet === 'namespace' && value === '') return t('registry.noNamespace');
    return value;
  };
}

interface FacetProps {
  readonly facet: Facet;
  readonly counts: FacetCounts;
  readonly search: ListSearch;
  onSearch(next: ListSearch): void;
}

function FacetValues({ facet, counts, search, onSearch }: FacetProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const nameOf = useFacetNames();
  const chosen = search[facet];
  const values = (counts[facet] ?? []).slice(0, MOST_VALUES).filter(({ value }) => value !== '');
  if (values.length === 0) return null;
  return (
    <fieldset className="grid gap-1">
      <legend className="mb-1 font-medium text-muted-foreground text-xs">{t(`registry.facets.${facet}`)}</legend>
      {values.map(({ value, models }) => (
        <button
          key={value}
          type="button"
          aria-pressed={chosen === value}
          className="flex min-h-7 items-center justify-between gap-3 rounded-md px-2 text-left hover:bg-muted aria-pressed:bg-accent aria-pressed:text-accent-foreground"
          onClick={() => onSearch(withFacet(search, facet, chosen === value ? undefined : value))}
        >
          <span className="flex min-w-0 items-center gap-1.5">
            {chosen === value && <Check aria-hidden className="size-3.5 shrink-0" />}
            <span className="truncate">{nameOf(facet, value)}</span>
          </span>
          <span className="tabular text-muted-foreground text-xs">{format.number(models)}</span>
        </button>
      ))}
    </fieldset>
  );
}

/** By what the list can be narrowed, with how many models there are of each. */
export function FacetPanel(props: Omit<FacetProps, 'facet'>) {
  return (
    <div className="grid content-start gap-4">
      {facets.map((facet) => (
        <FacetValues key={facet} facet={facet} {...props} />
      ))}
    </div>
  );
}

/** The same behind a button, where there is no room beside the list. */
export function FacetMenu(props: Omit<FacetProps, 'facet'>) {
  const { t } = useTranslation();
  const count = facets.filter((facet) => props.search[facet] !== undefined).length;
  return (
    <Popover>
      <PopoverTrigger asChild>
        <Button>
          <Filter aria-hidden />
          {count === 0 ? t('registry.filter') : t('registry.filterCount', { count })}
        </Button>
      </PopoverTrigger>
      <PopoverContent className="max-h-[70dvh] overflow-y-auto">
        <FacetPanel {...props} />
        {isNarrowed(props.search) && (
          <Button look="ghost" className="mt-3 w-full" onClick={() => props.onSearch({})}>
            {t('registry.clear')}
          </Button>
        )}
      </PopoverContent>
    </Popover>
  );
}
