import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { useState } from 'react';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { startI18n } from '../i18n/i18n.ts';
import { Dialog } from './dialog.tsx';

window.ResizeObserver ??= class {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
};
beforeAll(startI18n);
afterEach(cleanup);

/** A page whose first dialog is replaced by a second one, as where something is made and then shown once. */
function Page() {
  const [step, setStep] = useState(0);
  return (
    <>
      <button type="button" onClick={() => setStep(1)}>
        begin
      </button>
      {step === 1 && (
        <Dialog isOpen title="first" onClose={() => setStep(0)}>
          <button type="button" onClick={() => setStep(2)}>
            on
          </button>
        </Dialog>
      )}
      {step === 2 && (
        <Dialog isOpen title="second" onClose={() => setStep(0)}>
          shown
        </Dialog>
      )}
    </>
  );
}

test('the focus goes back to what had it, also through a dialog that replaced another one', async () => {
  render(<Page />);
  const begin = screen.getByRole('button', { name: 'begin' });
  begin.focus();
  fireEvent.click(begin);
  const on = await screen.findByRole('button', { name: 'on' });
  on.focus();
  fireEvent.click(on);
  await screen.findByRole('dialog', { name: 'second' });
  fireEvent.click(screen.getByRole('button', { name: 'Close' }));
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  await waitFor(() => expect(document.activeElement).toBe(begin));
});
