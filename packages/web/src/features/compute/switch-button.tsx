import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApp } from '../../api/app-context.ts';
import { Button } from '../../ui/button.tsx';
import { Confirm } from '../../ui/confirm.tsx';

/** Turns the Dask cluster on or off. Both are asked once more: one downloads hundreds of megabytes, the other ends all workers. */
export function SwitchButton({ isEnabled }: { readonly isEnabled: boolean }) {
  const { t } = useTranslation();
  const { cluster, queryClient } = useApp();
  const [isOpen, setOpen] = useState(false);
  const word = isEnabled ? 'disable' : 'enable';
  const change = async () => {
    await (isEnabled ? cluster.disableCompute() : cluster.enableCompute());
    await queryClient.invalidateQueries({ queryKey: ['compute'] });
  };
  return (
    <>
      <Button look={isEnabled ? 'outline' : 'primary'} onClick={() => setOpen(true)}>
        {t(`compute.${word}`)}
      </Button>
      {isOpen && (
        <Confirm
          title={t(`compute.${word}`)}
          description={t(`compute.${word}Text`)}
          action={t(`compute.${word}`)}
          look={isEnabled ? 'danger' : 'primary'}
          onClose={() => setOpen(false)}
          onConfirm={change}
        />
      )}
    </>
  );
}
