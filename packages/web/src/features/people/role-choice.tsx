import { type Role, roles } from '@cluster-ai/contracts';
import { useTranslation } from 'react-i18next';
import { FieldChoice } from '../../ui/field.tsx';

/** One of the roles, with what it may do. */
export function RoleChoice({ role, onChoose }: { readonly role: Role; onChoose(role: Role): void }) {
  const { t } = useTranslation();
  return (
    <FieldChoice<Role>
      label={t('people.role')}
      help={t(`roleTexts.${role}`)}
      value={role}
      choices={roles.map((value) => ({ value, label: t(`roles.${value}`) }))}
      onChoose={onChoose}
    />
  );
}
