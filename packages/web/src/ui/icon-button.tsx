import { Button, type ButtonProps } from './button.tsx';
import { Tooltip } from './tooltip.tsx';

/** A button that shows only an icon; its label is its accessible name and its tooltip. */
export function IconButton({
  label,
  size = 'icon',
  look = 'ghost',
  ...props
}: Omit<ButtonProps, 'aria-label'> & { readonly label: string }) {
  return (
    <Tooltip text={label}>
      <Button aria-label={label} size={size} look={look} {...props} />
    </Tooltip>
  );
}
