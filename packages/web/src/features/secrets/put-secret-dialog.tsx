import { type Secret, secretPurposes } from '@cluster-ai/contracts';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useApp } from '../../api/app-context.ts';
import { Check, Field, FieldArea, FieldChoice } from '../../ui/field.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';

interface ValueProps {
  readonly value: string;
  onWrite(value: string): void;
}

/** Not a password field: that would drop the line breaks of a key, and offer to keep it in the browser. */
function Value({ value, onWrite }: ValueProps) {
  const { t } = useTranslation();
  const [isShown, setShown] = useState(false);
  return (
    <div className="grid gap-1.5">
      <FieldArea
        label={t('secrets.value')}
        help={t('secrets.valueHelp')}
        required
        maxLength={65_536}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        className={isShown ? 'font-mono' : 'font-mono [-webkit-text-security:disc]'}
        value={value}
        onChange={(event) => onWrite(event.target.value)}
      />
      <Check label={t('secrets.show')} checked={isShown} onChange={setShown} />
    </div>
  );
}

/** What is pasted or piped often ends with a line break that is no part of it. The command line leaves it out too. */
const withoutLastBreak = (value: string) => value.replace(/\r?\n$/, '');

type Purpose = Secret['purpose'];

interface PutSecretDialogProps {
  /** Whose value is replaced; a new one otherwise. */
  readonly secret?: Secret;
  readonly taken: readonly string[];
  onClose(): void;
}

/** Keeps a secret under a name, or replaces its value. */
export function PutSecretDialog({ secret, taken, onClose }: PutSecretDialogProps) {
  const { t } = useTranslation();
  const { cluster, queryClient } = useApp();
  const [name, setName] = useState(secret?.name ?? '');
  const [purpose, setPurpose] = useState<Purpose>(secret?.purpose ?? 'other');
  const [value, setValue] = useState('');
  const isTaken = secret === undefined && taken.includes(name.trim());

  async function save(): Promise<void> {
    await cluster.putSecret(name.trim(), { value: withoutLastBreak(value), purpose });
    await queryClient.invalidateQueries({ queryKey: ['secrets'] });
    toast.success(t('secrets.kept', { name: name.trim() }));
    onClose();
  }

  return (
    <FormDialog
      title={secret === undefined ? t('secrets.add') : t('secrets.replaceTitle', { name: secret.name })}
      description={t(secret === undefined ? 'secrets.addText' : 'secrets.replaceText')}
      action={t(secret === undefined ? 'secrets.add' : 'secrets.replace')}
      isReady={name.trim() !== '' && !isTaken && withoutLastBreak(value) !== ''}
      onClose={onClose}
      onSubmit={save}
    >
      {secret === undefined && (
        <Field
          label={t('secrets.name')}
          help={t('secrets.nameHelp')}
          error={isTaken && t('secrets.taken')}
          required
          maxLength={100}
          placeholder="huggingface.co"
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      )}
      <FieldChoice<Purpose>
        label={t('secrets.purpose')}
        value={purpose}
        choices={secretPurposes.map((one) => ({ value: one, label: t(`secrets.purposes.${one}`) }))}
        onChoose={setPurpose}
      />
      <Value value={value} onWrite={setValue} />
    </FormDialog>
  );
}
