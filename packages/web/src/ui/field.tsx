import type { ComponentProps, ReactNode } from 'react';
import { useId } from 'react';
import { cn } from './cn.ts';

const inputStyle =
  'w-full rounded-md border border-input bg-card px-3 py-1.5 outline-offset-0 focus-visible:outline-2 focus-visible:outline-ring disabled:opacity-60 aria-[invalid=true]:border-fail';

export function Input({ className, ...props }: ComponentProps<'input'>) {
  return <input className={cn(inputStyle, 'h-9', className)} {...props} />;
}

interface Labels {
  readonly label: ReactNode;
  readonly help?: ReactNode;
  /** Why what is written is not taken, instead of the help. */
  readonly error?: ReactNode;
}
export interface FieldProps extends Labels, ComponentProps<'input'> {}
export interface FieldAreaProps extends Labels, ComponentProps<'textarea'> {}

interface LabelledProps extends Labels {
  readonly id: string;
  readonly children: ReactNode;
}

function Labelled({ id, label, help, error, children }: LabelledProps) {
  return (
    <div className="grid min-w-0 content-start gap-1.5">
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      {children}
      {error ? (
        <p id={`${id}-help`} role="alert" className="text-fail text-xs">
          {error}
        </p>
      ) : (
        help && (
          <p id={`${id}-help`} className="text-muted-foreground text-xs">
            {help}
          </p>
        )
      )}
    </div>
  );
}

const described = (id: string, { help, error }: Labels) => ({
  ...(help || error ? { 'aria-describedby': `${id}-help` } : {}),
  ...(error ? { 'aria-invalid': true } : {}),
});

/** An input with its label above and its help below. */
export function Field({ label, help, error, ...props }: FieldProps) {
  const id = useId();
  const labels = { label, help, error };
  return (
    <Labelled id={id} {...labels}>
      <Input id={id} {...described(id, labels)} {...props} />
    </Labelled>
  );
}

/** The same for text of many lines. It grows with what is written. */
export function FieldArea({ label, help, error, className, ...props }: FieldAreaProps) {
  const id = useId();
  const labels = { label, help, error };
  return (
    <Labelled id={id} {...labels}>
      <textarea
        id={id}
        className={cn(inputStyle, 'field-sizing-content max-h-72 min-h-20 resize-none', className)}
        {...described(id, labels)}
        {...props}
      />
    </Labelled>
  );
}

export interface FieldChoiceProps<Value extends string> extends Labels, Omit<ComponentProps<'select'>, 'value' | 'onChange' | 'children'> {
  readonly value: Value;
  readonly choices: readonly { readonly value: Value; readonly label: string }[];
  onChoose(value: Value): void;
}

/** One of several, by the browser's own list: it works with every keyboard and on every phone. */
export function FieldChoice<Value extends string>({ label, help, error, choices, onChoose, className, ...props }: FieldChoiceProps<Value>) {
  const id = useId();
  const labels = { label, help, error };
  return (
    <Labelled id={id} {...labels}>
      <select
        id={id}
        className={cn(inputStyle, 'h-9', className)}
        onChange={(event) => onChoose(event.target.value as Value)}
        {...described(id, labels)}
        {...props}
      >
        {choices.map(({ value, label: name }) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </select>
    </Labelled>
  );
}

export interface CheckProps extends Omit<ComponentProps<'input'>, 'onChange' | 'type'> {
  readonly label: ReactNode;
  onChange(isChecked: boolean): void;
}

/** Yes or no, with its label beside it. */
export function Check({ label, onChange, ...props }: CheckProps) {
  return (
    <label className="flex min-h-6 items-center gap-2">
      <input type="checkbox" className="size-4 shrink-0 accent-primary" onChange={(event) => onChange(event.target.checked)} {...props} />
      {label}
    </label>
  );
}
