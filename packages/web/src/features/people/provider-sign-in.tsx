import { type ErrorCode, errorCodes } from '@cluster-ai/contracts';
import { useTranslation } from 'react-i18next';
import { useSignInOptions } from '../../api/queries.ts';
import { Button } from '../../ui/button.tsx';
import { InfoNotice } from '../../ui/notice.tsx';

const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(errorCodes, code);

/** Why the provider, or this cluster, sent the browser back here: the server names it in the address. */
function useProblem(): ErrorCode | undefined {
  const code = new URLSearchParams(window.location.search).get('problem') ?? '';
  return isErrorCode(code) ? code : undefined;
}

/** The way in by a provider of the company. Nothing where none is configured. */
export function ProviderSignIn() {
  const { t } = useTranslation();
  const { data } = useSignInOptions();
  const problem = useProblem();
  return (
    <>
      {problem && (
        <div role="alert">
          <InfoNotice>{t(`errors.${problem}`)}</InfoNotice>
        </div>
      )}
      {data?.oidc && (
        <Button asChild>
          <a href="/api/v1/sign-in/oidc/start">{t('people.signInWith', { label: data.oidc.label })}</a>
        </Button>
      )}
    </>
  );
}
