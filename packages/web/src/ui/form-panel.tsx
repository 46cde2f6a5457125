import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from './button.tsx';
import { ErrorNotice } from './notice.tsx';
import { Panel } from './surface.tsx';
import { useAction } from './use-action.ts';

export interface FormPanelProps {
  readonly title: string;
  readonly action: string;
  /** Whether there is something to send. */
  readonly isReady: boolean;
  /** Rejects when it was refused: the reason stays on the page. */
  onSubmit(): Promise<unknown>;
  readonly children: ReactNode;
}

/** A form in the page: fields, and what is done with them. */
export function FormPanel({ title, action, isReady, onSubmit, children }: FormPanelProps) {
  const { t } = useTranslation();
  const { isBusy, error, run } = useAction();
  return (
    <Panel title={title}>
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void run(onSubmit);
        }}
      >
        {children}
        {error !== undefined && <ErrorNotice error={error} />}
        <Button type="submit" className="justify-self-start" disabled={isBusy || !isReady}>
          {isBusy ? t('people.wait') : action}
        </Button>
      </form>
    </Panel>
  );
}
