import { SlidersHorizontal } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../i18n/i18n.ts';
import { Button } from '../../ui/button.tsx';
import { Drawer } from '../../ui/drawer.tsx';
import { Field, FieldArea } from '../../ui/field.tsx';
import { ErrorNotice } from '../../ui/notice.tsx';
import { Tooltip } from '../../ui/tooltip.tsx';
import {
  applyTexts,
  type ChatOptions,
  countSet,
  findInvalid,
  limits,
  type NumberOption,
  numberDefaults,
  numberOptions,
  type OptionTexts,
  toTexts,
} from './chat-options.ts';

export interface ParametersProps {
  readonly options: ChatOptions;
  /** Rejects when it was refused: the drawer stays open, with the reason. */
  onSave(options: ChatOptions): Promise<void>;
}

const noTexts: OptionTexts = { temperature: '', top_p: '', max_tokens: '', seed: '', system: '' };

interface NumberFieldProps {
  readonly name: NumberOption;
  readonly text: string;
  readonly isWrong: boolean;
  onChange(text: string): void;
}

function NumberField({ name, text, isWrong, onChange }: NumberFieldProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const byDefault = numberDefaults[name];
  return (
    <Field
      label={t(`chat.parameters.names.${name}`)}
      help={t(`chat.parameters.help.${name}`)}
      error={isWrong && t(`chat.parameters.wrong.${name}`)}
      placeholder={byDefault === undefined ? t(`chat.parameters.defaults.${name as 'max_tokens' | 'seed'}`) : format.exact(byDefault)}
      inputMode={limits[name].isWhole ? 'numeric' : 'decimal'}
      autoComplete="off"
      value={text}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}

function ParametersDrawer({ options, onSave, onClose }: ParametersProps & { onClose(): void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [texts, setTexts] = useState(() => toTexts(options, format.exact));
  const [wrong, setWrong] = useState<readonly NumberOption[]>([]);
  const [error, setError] = useState<unknown>();
  const change = (name: keyof OptionTexts, text: string) => {
    setTexts({ ...texts, [name]: text });
    setWrong(wrong.filter((other) => other !== name));
  };

  async function save(): Promise<void> {
    const invalid = findInvalid(texts);
    setWrong(invalid);
    setError(undefined);
    if (invalid.length > 0) return;
    try {
      await onSave(applyTexts(options, texts));
      onClose();
    } catch (failure) {
      setError(failure);
    }
  }

  return (
    <Drawer isOpen onClose={onClose} title={t('chat.parameters.title')} description={t('chat.parameters.text')}>
      <form
        noValidate
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <FieldArea
          label={t('chat.parameters.names.system')}
          help={t('chat.parameters.help.system')}
          placeholder={t('chat.parameters.defaults.system')}
          maxLength={100_000}
          value={texts.system}
          onChange={(event) => change('system', event.target.value)}
        />
        {numberOptions.map((name) => (
          <NumberField key={name} name={name} text={texts[name]} isWrong={wrong.includes(name)} onChange={(text) => change(name, text)} />
        ))}
        {error !== undefined && <ErrorNotice error={error} />}
        <div className="flex flex-wrap justify-between gap-2">
          <Button look="ghost" onClick={() => setTexts(noTexts)}>
            {t('chat.parameters.reset')}
          </Button>
          <Button type="submit" look="primary">
            {t('common.save')}
          </Button>
        </div>
      </form>
    </Drawer>
  );
}

/** Opens the parameters of a chat; says how many are not the default. */
export function Parameters(props: ParametersProps) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const count = countSet(props.options);
  const label = t('chat.parameters.open', { count });
  return (
    <>
      <Tooltip text={label}>
        <Button look="ghost" size="small" aria-haspopup="dialog" className="px-2" onClick={() => setOpen(true)}>
          <SlidersHorizontal aria-hidden />
          <span className="sr-only">{label}</span>
          {count > 0 && (
            <span aria-hidden className="tabular text-primary">
              {count}
            </span>
          )}
        </Button>
      </Tooltip>
      {isOpen && <ParametersDrawer {...props} onClose={() => setOpen(false)} />}
    </>
  );
}
