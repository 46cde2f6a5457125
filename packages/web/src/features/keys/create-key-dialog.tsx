import { type CreatedApiKey, type Permission, type Person, type Role, roles } from '@cluster-ai/contracts';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApp } from '../../api/app-context.ts';
import { useMe, useRoles } from '../../api/queries.ts';
import { useRightWord } from '../../i18n/explain.ts';
import { Check, Field, FieldChoice } from '../../ui/field.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { ModelChoice } from '../grants/model-choice.tsx';
import { FoldedLimits } from '../limits/limit-fields.tsx';
import { type Days, daysToLive, emptyForm, isComplete, type KeyForm, toWish } from './key-form.ts';

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

/** Roles that do not have more than whoever makes the key, which the server would refuse, nor more than whose it will be, which would be no use. */
function useGrantableRoles(owner: Person | undefined): readonly { readonly role: Role; readonly permissions: readonly Permission[] }[] {
  const { data: me } = useMe();
  const { data: all = roles.map((role) => ({ role, permissions: [] })) } = useRoles();
  const own = new Set(me?.permissions);
  const least = owner === undefined ? 0 : roles.indexOf(owner.role);
  return all.filter(
    ({ role, permissions }) =>
      roles.indexOf(role) >= least && permissions.every((permission) => permission === 'public' || own.has(permission)),
  );
}

/** A viewer gets no answers from models: that is not offered then. */
const reachOf = (role: Role, reach: KeyForm['reach']) => (role === 'viewer' && reach === 'answers' ? 'all' : reach);

function toFirstForm(owner: Person | undefined): KeyForm {
  const role = owner?.role === 'viewer' ? owner.role : emptyForm.role;
  return { ...emptyForm, role, reach: reachOf(role, emptyForm.reach) };
}

interface CreateKeyDialogProps {
  /** Whose it will be, where that is not who makes it. */
  readonly owner?: Person;
  onClose(): void;
  onMade(made: CreatedApiKey): void;
}

/** Asks what a new key is for and what it may do. */
export function CreateKeyDialog({ owner, onClose, onMade }: CreateKeyDialogProps) {
  const { t } = useTranslation();
  const { cluster, queryClient } = useApp();
  const grantable = useGrantableRoles(owner);
  const [form, setForm] = useState<KeyForm>(() => toFirstForm(owner));
  const change = (part: Partial<KeyForm>) => setForm((before) => ({ ...before, ...part }));
  const rights = grantable.find(({ role }) => role === form.role)?.permissions.filter((permission) => permission !== 'public') ?? [];

  async function create(): Promise<void> {
    const made = await cluster.createKey(toWish(form, owner?.id));
    await queryClient.invalidateQueries({ queryKey: ['keys'] });
    onMade(made);
  }

  return (
    <FormDialog
      title={owner === undefined ? t('keys.create') : t('keys.createFor', { name: owner.name })}
      description={t(owner === undefined ? 'keys.createText' : 'keys.createForText')}
      action={t('keys.create')}
      className="max-w-xl"
      isReady={isComplete(form)}
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
          onChoose={(role) => change({ role, scopes: [], reach: reachOf(role, form.reach) })}
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
        choices={(form.role === 'viewer' ? (['all', 'chosen'] as const) : (['answers', 'all', 'chosen'] as const)).map((value) => ({
          value,
          label: t(`keys.reaches.${value}`),
        }))}
        onChoose={(reach) => change({ reach })}
      />
      {form.reach === 'chosen' && <Scopes all={rights} chosen={form.scopes} onChange={(scopes) => change({ scopes })} />}
      <ModelChoice wish={form.models} onChange={(models) => change({ models })} />
      <FoldedLimits limits={form.limits} onChange={(limits) => change({ limits })} />
    </FormDialog>
  );
}
