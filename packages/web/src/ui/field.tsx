import type { ComponentProps, ReactNode } from 'react';
import { useId } from 'react';
import { cn } from './cn.ts';

const inputStyle =
  'w-full rounded-md border border-input bg-card px-3 py-1.5 outline-offset-0 focus-visible:outline-2 focus-visible:outline-ring disabled:opacity-60 aria-[invalid=true]:border-fail';

export function Input({ className, ...props }: ComponentProps<'input'>) {
  return <input className={cn(inputStyle, 'h-9', className)} {...props} />;
}

export interface FieldProps extends ComponentProps<'input'> {
  readonly label: ReactNode;
  readonly help?: ReactNode;
  /** What is wrong with what was typed. */
  readonly error?: string | undefined;
}

/** An input with its label above, and what is wrong and its help below. */
export function Field({ label, help, error, ...props }: FieldProps) {
  const id = useId();
  const described = [error === undefined ? '' : `${id}-error`, help ? `${id}-help` : ''].filter(Boolean).join(' ');
  return (
    <div className="grid gap-1.5">
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      <Input
        id={id}
        {...(error === undefined ? {} : { 'aria-invalid': true })}
        {...(described === '' ? {} : { 'aria-describedby': described })}
        {...props}
      />
      {error !== undefined && (
        <p id={`${id}-error`} role="alert" className="text-fail">
          {error}
        </p>
      )}
      {help && (
        <p id={`${id}-help`} className="text-muted-foreground text-xs">
          {help}
        </p>
      )}
    </div>
  );
}
