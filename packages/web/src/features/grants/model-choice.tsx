import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useModels } from '../../api/queries.ts';
import { Check, Field, FieldChoice } from '../../ui/field.tsx';
import { listOffers, type ModelWish } from './model-wish.ts';

interface ModelChoiceProps {
  readonly wish: ModelWish;
  onChange(wish: ModelWish): void;
}

function Offers({ wish, onChange }: ModelChoiceProps) {
  const { t } = useTranslation();
  const { data } = useModels();
  const [granted] = useState(wish.chosen); // what is unticked stays in sight, to be ticked again
  const offers = listOffers(data?.models.map(({ name }) => name) ?? [], granted);
  const toggle = (name: string, isChosen: boolean) =>
    onChange({ ...wish, chosen: isChosen ? [...wish.chosen, name] : wish.chosen.filter((other) => other !== name) });
  return (
    <>
      {offers.length > 0 && (
        <fieldset className="grid max-h-56 gap-1 overflow-y-auto rounded-md border px-3 py-2">
          <legend className="sr-only">{t('grants.which')}</legend>
          {offers.map((name) => (
            <Check
              key={name}
              checked={wish.chosen.includes(name)}
              onChange={(isChosen) => toggle(name, isChosen)}
              label={
                <span className="flex min-w-0 flex-1 flex-wrap items-baseline gap-x-3">
                  <code className="font-mono text-[0.8125rem] [overflow-wrap:anywhere]">{name}</code>
                  {name.endsWith('/*') && (
                    <span className="text-muted-foreground text-xs">{t('grants.namespace', { name: name.slice(0, -2) })}</span>
                  )}
                </span>
              }
            />
          ))}
        </fieldset>
      )}
      <Field
        label={t('grants.more')}
        help={t('grants.moreHelp')}
        placeholder="team/*"
        autoComplete="off"
        spellCheck={false}
        value={wish.more}
        onChange={(event) => onChange({ ...wish, more: event.target.value })}
      />
    </>
  );
}

/** All models, or some by name and namespace. */
export function ModelChoice(props: ModelChoiceProps) {
  const { t } = useTranslation();
  const { wish, onChange } = props;
  return (
    <div className="grid gap-3">
      <FieldChoice
        label={t('grants.models')}
        value={wish.reach}
        choices={(['all', 'some'] as const).map((value) => ({ value, label: t(`grants.reaches.${value}`) }))}
        onChoose={(reach) => onChange({ ...wish, reach })}
      />
      {wish.reach === 'some' && <Offers {...props} />}
    </div>
  );
}
