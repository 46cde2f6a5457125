import { useTranslation } from 'react-i18next';
import { Chip } from '../../ui/chip.tsx';

/** Which models may be used: all, none, or these. */
export function GrantedModels({ models }: { readonly models: readonly string[] | null }) {
  const { t } = useTranslation();
  if (models === null) return <p>{t('grants.all')}</p>;
  if (models.length === 0) return <p>{t('grants.none')}</p>;
  return (
    <ul className="flex flex-wrap gap-1.5">
      {models.map((name) => (
        <li key={name} className="min-w-0">
          <Chip>
            <code className="whitespace-normal font-mono [overflow-wrap:anywhere]">{name}</code>
          </Chip>
        </li>
      ))}
    </ul>
  );
}
