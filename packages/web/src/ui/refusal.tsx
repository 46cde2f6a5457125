import { Link } from '@tanstack/react-router';
import { LogIn, ShieldX } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { type MissingRight, useRightWord } from '../i18n/explain.ts';
import { Button } from './button.tsx';
import { Card, Empty } from './surface.tsx';

function SignInLink() {
  const { t } = useTranslation();
  return (
    <Button asChild look="primary">
      <Link to="/sign-in">{t('people.signIn')}</Link>
    </Button>
  );
}

/**
 * In the place of what may not be seen: which right is missing, what it is for, and who can give it. Who has not signed in is told to: an admin
 * could give them nothing.
 */
export function Refusal({ permission, role, isVisitor }: MissingRight) {
  const { t } = useTranslation();
  const rightWord = useRightWord();
  return (
    <Card role="alert">
      <Empty icon={isVisitor ? <LogIn aria-hidden /> : <ShieldX aria-hidden />} title={t(isVisitor ? 'refused.signIn' : 'refused.title')}>
        <p>
          {t('refused.missing', { right: permission })} {t('refused.for', { what: rightWord(permission) })}
        </p>
        <p>{t(isVisitor ? 'refused.whoSignedIn' : 'refused.who', { role: t(`roles.${role}`) })}</p>
        {isVisitor && <SignInLink />}
      </Empty>
    </Card>
  );
}

/** In the place of what only those see who have signed in. */
export function SignInFirst() {
  const { t } = useTranslation();
  return (
    <Card role="alert">
      <Empty icon={<LogIn aria-hidden />} title={t('people.signInFirst')}>
        <SignInLink />
      </Empty>
    </Card>
  );
}
