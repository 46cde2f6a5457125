import type { ReactNode } from 'react';
import { Card } from './surface.tsx';

export interface DoorPageProps {
  readonly title: string;
  readonly lead: string;
  readonly children: ReactNode;
}

/** A page before the cluster: one thing to do, in the middle. */
export function DoorPage({ title, lead, children }: DoorPageProps) {
  return (
    <Card className="grid w-full max-w-md gap-5 p-5 sm:p-7">
      <title>{`${title} · Cluster AI`}</title>
      <header>
        <h1 className="font-semibold text-xl leading-7 tracking-tight">{title}</h1>
        <p className="mt-1 text-muted-foreground">{lead}</p>
      </header>
      {children}
    </Card>
  );
}
