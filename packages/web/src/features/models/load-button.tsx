import type { Model } from '@cluster-ai/contracts';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApp } from '../../api/app-context.ts';
import { Button } from '../../ui/button.tsx';

/** Loads a model now, or unloads it. `onFailure` gets what the cluster said when it could not; undefined clears it. */
export function LoadButton({ model, onFailure }: { readonly model: Model; onFailure(error: unknown): void }) {
  const { t } = useTranslation();
  const { cluster, queryClient } = useApp();
  const [isBusy, setBusy] = useState(false);
  const isLoaded = model.condition.state === 'ready' || model.condition.state === 'starting';
  async function toggle(): Promise<void> {
    setBusy(true);
    onFailure(undefined);
    try {
      await (isLoaded ? cluster.unloadModel(model.name) : cluster.loadModel(model.name));
    } catch (failure) {
      onFailure(failure);
    } finally {
      setBusy(false);
      await queryClient.invalidateQueries({ queryKey: ['models'] });
    }
  }
  return (
    <Button disabled={isBusy} onClick={() => void toggle()}>
      {isBusy && !isLoaded ? t('models.loading') : isLoaded ? t('models.unload') : t('models.load')}
    </Button>
  );
}
