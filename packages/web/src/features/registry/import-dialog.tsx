import type { ImportPreview } from '@cluster-ai/contracts';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApp } from '../../api/app-context.ts';
import { useFormat } from '../../i18n/i18n.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Field } from '../../ui/field.tsx';
import { ErrorNotice } from '../../ui/notice.tsx';
import { Facts } from '../../ui/surface.tsx';
import { useAction } from '../../ui/use-action.ts';

interface ChoicesProps {
  readonly choices: ImportPreview['choices'];
  readonly chosen: string | undefined;
  onChoose(file: string): void;
}

/** One model in several sizes: what each needs, and which machines it fits. */
function Choices({ choices, chosen, onChoose }: ChoicesProps) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <fieldset className="grid gap-1.5">
      <legend className="mb-1.5 font-medium">{t('registry.choices')}</legend>
      {choices.map(({ file, sizeBytes, fits }) => {
        const able = fits.filter((one) => one.fits).map(({ node }) => node);
        return (
          <label key={file} className="flex items-start gap-2.5 rounded-md border p-2.5 has-checked:border-primary has-checked:bg-accent">
            <input
              type="radio"
              name="import-file"
              className="mt-1 accent-primary"
              checked={chosen === file}
              onChange={() => onChoose(file)}
            />
            <span className="min-w-0 flex-1">
              <span className="break-all font-mono text-[0.8125rem]">{file}</span>
              <span className="block text-muted-foreground text-xs">
                {format.bytes(sizeBytes)} ·{' '}
                {able.length === 0 ? t('registry.fitsNowhere') : t('registry.fitsOn', { nodes: able.join(', ') })}
              </span>
            </span>
          </label>
        );
      })}
    </fieldset>
  );
}

function Preview({
  preview,
  chosen,
  onChoose,
}: {
  readonly preview: ImportPreview;
  readonly chosen: string | undefined;
  onChoose(file: string): void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const size = preview.choices.find(({ file }) => file === chosen)?.sizeBytes ?? preview.sizeBytes;
  const here = preview.files.filter(({ isHere }) => isHere).length;
  const isTooLarge = size !== null && size > preview.freeBytes;
  return (
    <div className="grid gap-4">
      <Facts
        facts={[
          [t('models.name'), preview.model],
          [t('models.facts.size'), size === null ? t('common.unknown') : format.bytes(size)],
          [t('registry.freeDisk'), format.bytes(preview.freeBytes)],
          [
            t('registry.filesTitle'),
            here === 0
              ? t('models.files', { count: preview.files.length })
              : t('registry.filesHere', { count: preview.files.length, here }),
          ],
        ]}
      />
      {preview.choices.length > 1 && <Choices choices={preview.choices} chosen={chosen} onChoose={onChoose} />}
      {isTooLarge && (
        <p role="alert" className="text-fail">
          {t('registry.tooLarge')}
        </p>
      )}
    </div>
  );
}

/** Brings a model from elsewhere: where from, a look at what it is, and go. It goes on after the dialog is closed. */
export function ImportDialog({ onClose }: { onClose(): void }) {
  const { t } = useTranslation();
  const { cluster, queryClient } = useApp();
  const { isBusy, error, run } = useAction();
  const [reference, setReference] = useState('');
  const [name, setName] = useState('');
  const [preview, setPreview] = useState<ImportPreview>();
  const [file, setFile] = useState<string>();
  const input = {
    reference: reference.trim(),
    ...(name.trim() === '' ? {} : { name: name.trim() }),
    ...(file === undefined ? {} : { file }),
  };
  async function look(): Promise<void> {
    const found = await cluster.previewImport(input);
    setPreview(found);
    setFile(found.choices.find(({ isChosen }) => isChosen)?.file);
  }
  async function begin(): Promise<void> {
    await cluster.importModel(input);
    await queryClient.invalidateQueries({ queryKey: ['operations'] });
    onClose();
  }
  return (
    <Dialog isOpen onClose={onClose} title={t('registry.import')} description={t('registry.importText')}>
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (!isBusy) void run(preview ? begin : look);
        }}
      >
        <Field
          label={t('registry.reference')}
          help={t('registry.referenceHelp')}
          value={reference}
          maxLength={4096}
          required
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => {
            setReference(event.target.value);
            setPreview(undefined);
            setFile(undefined);
          }}
        />
        <Field
          label={t('registry.nameHere')}
          help={t('registry.nameHereHelp')}
          value={name}
          maxLength={255}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setName(event.target.value)}
        />
        {preview && <Preview preview={preview} chosen={file} onChoose={setFile} />}
        {error !== undefined && <ErrorNotice error={error} />}
        <div className="flex flex-wrap justify-end gap-2">
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button type="submit" look="primary" disabled={reference.trim() === ''} aria-disabled={isBusy}>
            {isBusy ? t('people.wait') : preview ? t('registry.importAction') : t('registry.lookAction')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
