import { type ComponentProps, memo, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import {
  CodeBlock,
  CodeBlockCopyButton,
  CodeBlockDownloadButton,
  defaultComponents,
  Streamdown,
  type StreamdownTranslations,
  useIsCodeFenceIncomplete,
} from 'streamdown';
import { codeHighlighter } from './highlighter.ts';

const plugins = { code: codeHighlighter };
const linkSafety = { enabled: false };
const controls = {
  table: { copy: true, download: true, fullscreen: false },
  mermaid: false,
  image: false,
} as const;

/** A code block as Streamdown draws it, but reachable by keyboard: long lines scroll sideways. */
function Fence({ className = '', children }: ComponentProps<'code'>) {
  const isIncomplete = useIsCodeFenceIncomplete();
  const code = typeof children === 'string' ? children : '';
  const language = /language-(\S+)/.exec(className)?.[1] ?? '';
  return (
    <CodeBlock code={code} language={language} isIncomplete={isIncomplete} lineNumbers={false} tabIndex={0}>
      <CodeBlockDownloadButton code={code} language={language} />
      <CodeBlockCopyButton code={code} />
    </CodeBlock>
  );
}
const components = { code: Fence, inlineCode: defaultComponents.code };

function useTranslations(): Partial<StreamdownTranslations> {
  const { t } = useTranslation();
  return useMemo(
    () => ({
      copied: t('common.copied'),
      copyCode: t('markdown.copyCode'),
      downloadFile: t('markdown.downloadCode'),
      copyTable: t('markdown.copyTable'),
      copyTableAsCsv: t('markdown.copyAs', { format: 'CSV' }),
      copyTableAsMarkdown: t('markdown.copyAs', { format: 'Markdown' }),
      copyTableAsTsv: t('markdown.copyAs', { format: 'TSV' }),
      downloadTable: t('markdown.downloadTable'),
      downloadTableAsCsv: t('markdown.downloadAs', { format: 'CSV' }),
      downloadTableAsMarkdown: t('markdown.downloadAs', { format: 'Markdown' }),
      imageNotAvailable: t('markdown.noImage'),
    }),
    [t],
  );
}

export interface MarkdownProps {
  readonly text: string;
  /** Half-written markdown is mended while it streams. */
  readonly isStreaming: boolean;
}

/** What a model wrote, as it meant it. Scripts, styles and frames in it are dropped, links open beside the page, pictures of other sites stay away. */
export const Markdown = memo(function Markdown({ text, isStreaming }: MarkdownProps) {
  return (
    <Streamdown
      mode={isStreaming ? 'streaming' : 'static'}
      isAnimating={isStreaming}
      plugins={plugins}
      components={components}
      controls={controls}
      linkSafety={linkSafety}
      lineNumbers={false}
      codeBlockMaxHeight={0}
      tableMaxHeight={0}
      translations={useTranslations()}
      className="min-w-0 break-words text-[0.9375rem] leading-6.5"
    >
      {text}
    </Streamdown>
  );
});
