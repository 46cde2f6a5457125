import { type CreatedApiKey, limitNames, type Permission, type Role, roles } from '@cluster-ai/contracts';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApp } from '../../api/app-context.ts';
import { useMe, useModels, useRoles } from '../../api/queries.ts';
import { useRightWord } from '../../i18n/explain.ts';
import { Check, Field, FieldChoice } from '../../ui/field.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { type Days, daysToLive, emptyForm, findWrongLimits, type KeyForm, toWish } from './key-form.ts';

interface ScopesProps {
  readonly all: readonly Permission[];
  readonly chosen: readonly Permission[];
  onChange(chosen: readonly Permission[]): void;
}

function Scopes({ all, chosen, onChange }: ScopesProps) {
  const { t } = useTranslation();
  const rightWord = useRightWord();
  return (
    <fieldset className="grid gap-1 rounded-md border px-3 py-2">
      <legend className="sr-only">{t('keys.reach')}</legend>
      {all.map((permission) => (
        <Check
          key={permission}
          checked={chosen.includes(permission)}
          onChange={(isChosen) => onChange(isChosen ? [...chosen, permission] : chosen.filter((other) => other !== permission))}
          label={
            <span className="flex flex-1 flex-wrap items-baseline justify-between gap-x-3">
              {rightWord(permission)}
              <code className="font-mono text-muted-foreground text-xs">{permission}</code>
            </span>
          }
        />
      ))}
    </fieldset>
  );
}

function Limits({ form, onChange }: { readonly form: KeyForm; onChange(limits: KeyForm['limits']): void }) {
  const { t } = useTranslation();
  const wrong = findWrongLimits(form);
  return (
    <details className="rounded-md border px-3 py-2">
      <summary className="min-h-6 cursor-pointer font-medium">{t('keys.limits')}</summary>
      <div className="mt-2 grid gap-3 pb-1 sm:grid-cols-2">
        {limitNames.map((name) => (
          <Field
            key={name}
            label={t(`keys.limitNames.${name}`)}
            error={wrong.includes(name) && t('keys.wrongLimit')}
            placeholder={t('keys.noLimit')}
            inputMode="numeric"
            autoComplete="off"
            value={form.limits[name]}
            onChange={(event) => onChange({ ...form.limits, [name]: event.target.value })}
          />
        ))}
      </div>
    </details>
  );
}

/** Roles that do not have more than whoever makes the key: the server would refuse others. */
function useGrantableRoles(): readonly { readonly role: Role; readonly permissions: readonly Permission[] }[] {
  const { data: me } = useMe();
  const { data: all = roles.map((role) => ({ role, permissions: [] })) } = useRoles();
  const own = new Set(me?.permissions);
  return all.filter(({ permissions }) => permissions.every((permission) => permission === 'public' || own.has(permission)));
}

/** Asks what a new key is for and what it may do. */
export function CreateKeyDialog({ onClose, onMade }: { onClose(): void; onMade(made: CreatedApiKey): void }) {
  const { t } = useTranslation();
  const { cluster, queryClient } = useApp();
  const { data: models } = useModels();
  const grantable = useGrantableRoles();
  const [form, setForm] = useState<KeyForm>(emptyForm);
  const change = (part: Partial<KeyForm>) => setForm((before) => ({ ...before, ...part }));
  const rights = grantable.find(({ role }) => role === form.role)?.permissions.filter((permission) => permission !== 'public') ?? [];

  async function create(): Promise<void> {
    const made = await cluster.createKey(toWish(form));
    await queryClient.invalidateQueries({ queryKey: ['keys'] });
    onMade(made);
  }

  return (
    <FormDialog
      title={t('keys.create')}
      description={t('keys.createText')}
      action={t('keys.create')}
      className="max-w-xl"
      isReady={form.name.trim() !== '' && findWrongLimits(form).length === 0 && (form.reach !== 'chosen' || form.scopes.length > 0)}
      onClose={onClose}
      onSubmit={create}
    >
      <Field
        label={t('keys.name')}
        help={t('keys.nameHelp')}
        required
        maxLength={100}
        autoComplete="off"
        value={form.name}
        onChange={(event) => change({ name: event.target.value })}
      />
      <div className="grid gap-4 sm:grid-cols-2">
        <FieldChoice
          label={t('keys.role')}
          value={form.role}
          choices={grantable.map(({ role }) => ({ value: role, label: t(`roles.${role}`) }))}
          onChoose={(role) => change({ role, scopes: [] })}
        />
        <FieldChoice<Days>
          label={t('keys.expiry')}
          value={form.days}
          choices={daysToLive.map((days) => ({
            value: days,
            label: days === '' ? t('keys.neverExpires') : t('keys.days', { count: Number(days) }),
          }))}
          onChoose={(days) => change({ days })}
        />
      </div>
      <FieldChoice
        label={t('keys.reach')}
        value={form.reach}
        choices={(['answers', 'all', 'chosen'] as const).map((value) => ({ value, label: t(`keys.reaches.${value}`) }))}
        onChoose={(reach) => change({ reach })}
      />
      {form.reach === 'chosen' && <Scopes all={rights} chosen={form.scopes} onChange={(scopes) => change({ scopes })} />}
      <Field
        label={t('keys.models')}
        help={t('keys.modelsHelp')}
        placeholder={models?.models.map(({ name }) => name).join(', ') || 'starter'}
        autoComplete="off"
        spellCheck={false}
        value={form.models}
        onChange={(event) => change({ models: event.target.value })}
      />
      <Limits form={form} onChange={(limits) => change({ limits })} />
    </FormDialog>
  );
}
