import type { ComponentProps, ReactNode } from 'react';
import { cn } from './cn.ts';

export function Card({ className, ...props }: ComponentProps<'section'>) {
  return <section className={cn('rounded-xl border bg-card text-card-foreground', className)} {...props} />;
}

export interface PanelProps {
  readonly title: ReactNode;
  readonly actions?: ReactNode;
  readonly className?: string;
  readonly children: ReactNode;
}

/** A card with a heading. */
export function Panel({ title, actions, className, children }: PanelProps) {
  return (
    <Card className={cn('min-w-0', className)}>
      <header className="flex min-h-12 items-center justify-between gap-3 px-4 pt-3">
        <h2 className="font-semibold text-[0.9375rem]">{title}</h2>
        {actions}
      </header>
      <div className="px-4 pt-2 pb-4">{children}</div>
    </Card>
  );
}

/** The shape of what is coming. Decoration only: the words are beside it. */
export function Skeleton({ className }: { readonly className?: string }) {
  return <div aria-hidden className={cn('animate-pulse rounded-md bg-muted', className)} />;
}

export interface EmptyProps {
  readonly icon: ReactNode;
  readonly title: string;
  readonly children?: ReactNode;
}

/** Says what would be here, and how it gets here. */
export function Empty({ icon, title, children }: EmptyProps) {
  return (
    <div className="flex flex-col items-center gap-3 px-6 py-12 text-center [&>svg]:size-9 [&>svg]:text-muted-foreground">
      {icon}
      <p className="font-medium text-base">{title}</p>
      {children && <div className="flex max-w-md flex-col items-center gap-4 text-muted-foreground">{children}</div>}
    </div>
  );
}

export interface PageProps {
  readonly title: string;
  readonly lead?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** A page of the main area: its heading, what one can do, and its content. */
export function Page({ title, lead, actions, children }: PageProps) {
  return (
    <div className="mx-auto w-full max-w-6xl px-4 py-6 sm:px-6">
      <title>{`${title} · Cluster AI`}</title>
      <header className="mb-5 flex flex-wrap items-start justify-between gap-3">
        <div className="min-w-0">
          <h1 className="break-words font-semibold text-xl leading-7 tracking-tight">{title}</h1>
          {lead && <div className="mt-1 text-muted-foreground">{lead}</div>}
        </div>
        {actions && <div className="flex flex-wrap gap-2">{actions}</div>}
      </header>
      {children}
    </div>
  );
}

/** Pairs of a name and a value. */
export function Facts({ facts }: { readonly facts: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <dl className="grid grid-cols-[minmax(7rem,auto)_1fr] gap-x-4 gap-y-2">
      {facts.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-muted-foreground">{name}</dt>
          <dd className="min-w-0 break-words">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
