import { FilePlus2, X } from 'lucide-react';
import { type DragEvent, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApp } from '../../api/app-context.ts';
import { useFormat } from '../../i18n/i18n.ts';
import { cn } from '../../ui/cn.ts';
import { Field, FieldArea } from '../../ui/field.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { IconButton } from '../../ui/icon-button.tsx';
import type { UploadFile } from './uploads.ts';

const toUploadFile = (file: File): UploadFile => ({ path: file.webkitRelativePath || file.name, file });

/** Without its folder and ending: `Qwen3-0.6B-Q8_0.gguf` suggests `qwen3-0.6b-q8_0`. */
function suggestName([first]: readonly UploadFile[]): string {
  const base = first?.path.split('/')[0] ?? '';
  return base
    .replace(/\.[a-z0-9]{1,12}$/i, '')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .toLowerCase();
}

interface DropAreaProps {
  readonly files: readonly UploadFile[];
  onFiles(files: readonly UploadFile[]): void;
}

/** Files are dragged here or chosen; a second choice adds to the first. */
function DropArea({ files, onFiles }: DropAreaProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const id = useId();
  const [isOver, setOver] = useState(false);
  const add = (list: FileList | null) => {
    const added = [...(list ?? [])].map(toUploadFile);
    const names = new Set(added.map(({ path }) => path));
    onFiles([...files.filter(({ path }) => !names.has(path)), ...added]);
  };
  const on = (event: DragEvent, over: boolean) => {
    event.preventDefault();
    setOver(over);
  };
  return (
    <div className="grid gap-2">
      <label
        htmlFor={id}
        className={cn(
          'grid cursor-pointer justify-items-center gap-1.5 rounded-lg border border-dashed px-4 py-6 text-center focus-within:outline-2 focus-within:outline-ring hover:bg-muted',
          isOver && 'border-primary bg-accent',
        )}
        onDragOver={(event) => on(event, true)}
        onDragLeave={(event) => on(event, false)}
        onDrop={(event) => {
          on(event, false);
          add(event.dataTransfer.files);
        }}
      >
        <FilePlus2 aria-hidden className="size-6 text-muted-foreground" />
        <span className="font-medium">{t('registry.drop')}</span>
        <span className="text-muted-foreground text-xs">{t('registry.dropText')}</span>
        <input id={id} type="file" multiple className="sr-only" onChange={(event) => add(event.target.files)} />
      </label>
      {files.length > 0 && (
        <ul className="grid max-h-40 gap-1 overflow-y-auto">
          {files.map(({ path, file }) => (
            <li key={path} className="flex items-center gap-2">
              <span className="min-w-0 flex-1 truncate font-mono text-[0.8125rem]">{path}</span>
              <span className="tabular text-muted-foreground text-xs">{format.bytes(file.size)}</span>
              <IconButton
                label={t('registry.removeFile', { path })}
                size="icon-small"
                onClick={() => onFiles(files.filter((other) => other.path !== path))}
              >
                <X aria-hidden />
              </IconButton>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** Files of this computer become a version of a model. The upload goes on after the dialog is closed. */
export function UploadDialog({ onClose }: { onClose(): void }) {
  const { t } = useTranslation();
  const { uploads } = useApp();
  const [files, setFiles] = useState<readonly UploadFile[]>([]);
  const [name, setName] = useState<string>();
  const [version, setVersion] = useState('');
  const [description, setDescription] = useState('');
  const shownName = name ?? suggestName(files);
  async function start(): Promise<void> {
    uploads.start(
      {
        name: shownName.trim(),
        ...(version.trim() === '' ? {} : { version: version.trim() }),
        ...(description.trim() === '' ? {} : { description: description.trim() }),
      },
      files,
    );
    onClose();
  }
  return (
    <FormDialog
      title={t('registry.upload')}
      description={t('registry.uploadText')}
      action={t('registry.uploadAction')}
      isReady={files.length > 0 && shownName.trim() !== ''}
      onClose={onClose}
      onSubmit={start}
    >
      <DropArea files={files} onFiles={setFiles} />
      <Field
        label={t('models.name')}
        value={shownName}
        maxLength={255}
        required
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => setName(event.target.value)}
      />
      <Field
        label={t('registry.semver')}
        help={t('registry.semverHelp')}
        value={version}
        maxLength={80}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => setVersion(event.target.value)}
      />
      <FieldArea
        label={t('registry.description')}
        value={description}
        maxLength={10_000}
        onChange={(event) => setDescription(event.target.value)}
      />
    </FormDialog>
  );
}
