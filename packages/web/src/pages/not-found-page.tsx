import { Link } from '@tanstack/react-router';
import { Compass } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Button } from '../ui/button.tsx';
import { Empty, Page } from '../ui/surface.tsx';

export function NotFoundPage() {
  const { t } = useTranslation();
  return (
    <Page title={t('notFound.title')}>
      <Empty icon={<Compass aria-hidden />} title={t('notFound.text')}>
        <Button asChild look="primary">
          <Link to="/">{t('notFound.home')}</Link>
        </Button>
      </Empty>
    </Page>
  );
}
