import type { Model } from '@cluster-ai/contracts';
import { ChevronDown } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useExplainCondition, useStateWord } from '../../i18n/explain.ts';
import { Menu, MenuChoice, MenuContent, MenuTrigger } from '../../ui/menu.tsx';
import { StateIcon } from '../../ui/state-badge.tsx';
import { canChat } from './choose-model.ts';

export interface ModelPickerProps {
  /** Undefined until they are known. */
  readonly models: readonly Model[] | undefined;
  readonly value: string;
  onChoose(name: string): void;
}

function ModelChoice({ model }: { readonly model: Model }) {
  const explain = useExplainCondition();
  const word = useStateWord();
  const { condition } = model;
  return (
    <span className="grid min-w-0 gap-0.5">
      <span className="flex items-center gap-2 font-medium">
        <span className="truncate">{model.name}</span>
        {model.latest.facts.parameterSize && <span className="text-muted-foreground text-xs">{model.latest.facts.parameterSize}</span>}
      </span>
      <span className="flex items-center gap-1.5 text-muted-foreground text-xs">
        <StateIcon state={condition.state} className="size-3.5" />
        {word(condition.state)}
        {condition.state !== 'ready' && ` · ${explain(condition).message}`}
      </span>
    </span>
  );
}

/** Which model answers: each with its state, and why it is in it. */
export function ModelPicker({ models, value, onChoose }: ModelPickerProps) {
  const { t } = useTranslation();
  const word = useStateWord();
  const chosen = models?.find(({ name }) => name === value);
  const state = chosen ? word(chosen.condition.state) : t('chat.modelGone');
  const isToBeSaid = models !== undefined && value !== '' && chosen?.condition.state !== 'ready';
  return (
    <Menu>
      <MenuTrigger className="flex h-8 max-w-full items-center gap-1.5 rounded-md px-2 font-medium text-[0.8125rem] hover:bg-muted">
        {chosen && <StateIcon state={chosen.condition.state} className="size-3.5" />}
        <span className="sr-only">{t('chat.model')}: </span>
        <span className="truncate">{value || (models ? t('chat.noModel') : t('common.loading'))}</span>
        <span className="hidden whitespace-nowrap font-normal text-muted-foreground sm:inline">{isToBeSaid ? state : ''}</span>
        <ChevronDown aria-hidden className="size-3.5 shrink-0 text-muted-foreground" />
      </MenuTrigger>
      <MenuContent align="start" className="max-h-80 w-80 max-w-[calc(100vw-1.5rem)] overflow-y-auto">
        <MenuChoice
          label={t('chat.model')}
          value={value}
          onChoose={onChoose}
          choices={(models ?? []).filter(canChat).map((model) => ({ value: model.name, label: <ModelChoice model={model} /> }))}
        />
      </MenuContent>
    </Menu>
  );
}
