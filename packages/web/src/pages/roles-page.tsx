import { useTranslation } from 'react-i18next';
import { useRoles } from '../api/queries.ts';
import { RoleSteps, RoleTable } from '../features/people/role-table.tsx';
import { LoadFailure } from '../ui/notice.tsx';
import { Card, Page, Skeleton } from '../ui/surface.tsx';

/** What each role may do. */
export function RolesPage() {
  const { t } = useTranslation();
  const { data: roles, error, refetch } = useRoles();
  return (
    <Page title={t('pages.roles')} lead={t('roleTable.lead')}>
      {error && !roles && <LoadFailure error={error} title={t('roleTable.failed')} onRetry={() => void refetch()} />}
      {!roles && !error && <Skeleton className="h-96" />}
      {roles && (
        <>
          <Card className="hidden sm:block">
            <RoleTable roles={roles} />
          </Card>
          <Card className="sm:hidden">
            <RoleSteps roles={roles} />
          </Card>
        </>
      )}
    </Page>
  );
}
