import { type Permission, permissions, type RoleList } from '@cluster-ai/contracts';
import { Check, Minus } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useRightWord } from '../../i18n/explain.ts';

type Roles = RoleList['roles'];

const shown = permissions.filter((permission) => permission !== 'public');

function Mark({ has }: { readonly has: boolean }) {
  const { t } = useTranslation();
  const Icon = has ? Check : Minus;
  return (
    <>
      <Icon aria-hidden className={`mx-auto size-4 ${has ? 'text-ready' : 'text-idle'}`} />
      <span className="sr-only">{t(has ? 'roleTable.yes' : 'roleTable.no')}</span>
    </>
  );
}

/** Every right, and which role has it. */
export function RoleTable({ roles }: { readonly roles: Roles }) {
  const { t } = useTranslation();
  const rightWord = useRightWord();
  return (
    <table className="w-full text-[0.8125rem]">
      <thead>
        <tr>
          <th scope="col" className="px-4 py-3 text-left font-medium">
            {t('roleTable.right')}
          </th>
          {roles.map(({ role }) => (
            <th key={role} scope="col" className="px-2 py-3 text-center font-medium">
              {t(`roles.${role}`)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {shown.map((permission) => (
          <tr key={permission} className="border-t hover:bg-muted">
            <th scope="row" className="px-4 py-1.5 text-left font-normal">
              {rightWord(permission)} <code className="ml-1 font-mono text-muted-foreground text-xs">{permission}</code>
            </th>
            {roles.map((role) => (
              <td key={role.role} className="px-2 text-center">
                <Mark has={role.permissions.includes(permission)} />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What each role has beyond the one below it: for pages that are too narrow for a table. Roles come from most to least. */
export function RoleSteps({ roles }: { readonly roles: Roles }) {
  const { t } = useTranslation();
  const rightWord = useRightWord();
  const words = (rights: readonly Permission[]) => rights.map(rightWord).join(', ');
  return (
    <ul>
      {roles.map(({ role, permissions: own }, index) => {
        const below = roles[index + 1];
        const added = shown.filter((permission) => own.includes(permission) && !below?.permissions.includes(permission));
        return (
          <li key={role} className="grid gap-1 border-t px-4 py-3.5 first:border-t-0">
            <h2 className="font-medium">{t(`roles.${role}`)}</h2>
            <p className="text-muted-foreground">{t(`roleTexts.${role}`)}</p>
            <p>
              {below ? t('roleTable.like', { role: t(`roles.${below.role}`) }) : t('roleTable.may')} {words(added)}.
            </p>
          </li>
        );
      })}
    </ul>
  );
}
