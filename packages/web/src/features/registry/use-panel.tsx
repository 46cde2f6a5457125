import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { CopyField } from '../../ui/copy.tsx';
import { Panel } from '../../ui/surface.tsx';
import { Tabs } from '../../ui/tabs.tsx';
import { type ExampleKind, toExamples } from './use-examples.ts';

/** "Use this model": what to paste where, tool by tool. */
export function UsePanel({ model, canChat }: { readonly model: string; readonly canChat: boolean }) {
  const { t } = useTranslation();
  const examples = toExamples({ origin: location.origin, model, canChat });
  const [kind, setKind] = useState<ExampleKind>(examples[0]?.kind ?? 'curl');
  return (
    <Panel title={t('models.use')}>
      <Tabs<ExampleKind>
        label={t('models.use')}
        value={kind}
        onChoose={setKind}
        tabs={examples.map(({ kind: value, text }) => ({
          value,
          label: t(`registry.tools.${value}`),
          content: <CopyField text={text} label={t(`registry.tools.${value}`)} />,
        }))}
      />
      <p className="mt-3 text-muted-foreground text-xs">{t('registry.useKey')}</p>
    </Panel>
  );
}
