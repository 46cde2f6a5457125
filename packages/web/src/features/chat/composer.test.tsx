import { ClusterError } from '@cluster-ai/client';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { startI18n } from '../../i18n/i18n.ts';
import { Composer } from './composer.tsx';

beforeAll(startI18n);
afterEach(cleanup);

const type = (text: string) => fireEvent.change(screen.getByRole('textbox'), { target: { value: text } });
const press = (key: string, init = {}) => fireEvent.keyDown(screen.getByRole('textbox'), { key, ...init });
const textOf = () => (screen.getByRole('textbox') as HTMLTextAreaElement).value;

describe('where one writes', () => {
  test('Enter sends what was typed, trimmed, and empties the field', () => {
    const onSend = vi.fn(async () => {});
    render(<Composer label="Message" isBusy={false} onSend={onSend} />);
    type('  Hello  ');
    press('Enter');
    expect(onSend).toHaveBeenCalledWith('Hello');
    expect(textOf()).toBe('');
  });

  test('Shift+Enter, an input method’s Enter, blanks and a busy chat send nothing', () => {
    const onSend = vi.fn(async () => {});
    const { rerender } = render(<Composer label="Message" isBusy={false} onSend={onSend} />);
    type('   ');
    press('Enter');
    type('Hello');
    press('Enter', { shiftKey: true });
    press('Enter', { isComposing: true });
    rerender(<Composer label="Message" isBusy onSend={onSend} />);
    press('Enter');
    expect(onSend).not.toHaveBeenCalled();
    expect(textOf()).toBe('Hello');
  });

  test('Enter before a model is known keeps the text in view, says what it waits for, and sends it once', () => {
    const onSend = vi.fn(async () => {});
    const { rerender } = render(<Composer label="Message" isBusy waitsFor="Waiting for the models." onSend={onSend} />);
    expect(screen.getByRole('status').textContent).toBe('');
    type('Hello');
    press('Enter');
    expect(screen.getByRole('status').textContent).toBe('Waiting for the models.');
    expect(textOf()).toBe('Hello');
    expect(onSend).not.toHaveBeenCalled();

    rerender(<Composer label="Message" isBusy={false} onSend={onSend} />);
    expect(onSend.mock.calls).toEqual([['Hello']]);
    expect(textOf()).toBe('');
    expect(screen.getByRole('status').textContent).toBe('');
    rerender(<Composer label="Message" isBusy={false} onSend={onSend} />);
    expect(onSend).toHaveBeenCalledTimes(1);
  });

  test('what waits stays where it is when there is nobody to send it to, and is not sent later by surprise', () => {
    const onSend = vi.fn(async () => {});
    const { rerender } = render(<Composer label="Message" isBusy waitsFor="Waiting for the models." onSend={onSend} />);
    type('Hello');
    press('Enter');
    rerender(<Composer label="Message" isBusy onSend={onSend} />);
    expect(textOf()).toBe('Hello');
    rerender(<Composer label="Message" isBusy={false} onSend={onSend} />);
    expect(onSend).not.toHaveBeenCalled();
    press('Enter');
    expect(onSend).toHaveBeenCalledWith('Hello');
  });

  test('Escape takes back what waits to be sent', () => {
    const onSend = vi.fn(async () => {});
    const { rerender } = render(<Composer label="Message" isBusy waitsFor="Waiting for the models." onSend={onSend} />);
    type('Hello');
    press('Enter');
    press('Escape');
    rerender(<Composer label="Message" isBusy={false} onSend={onSend} />);
    expect(onSend).not.toHaveBeenCalled();
    expect(textOf()).toBe('Hello');
  });

  test('what was refused comes back, with the reason', async () => {
    render(
      <Composer
        label="Message"
        isBusy={false}
        onSend={async () => {
          throw new ClusterError('not_enough_memory', 'It needs 4 GB.', { hint: 'Unload another model.' });
        }}
      />,
    );
    type('Hello');
    press('Enter');
    const alert = await screen.findByRole('alert');
    expect(alert.textContent).toContain('It needs 4 GB.');
    expect(alert.textContent).toContain('Unload another model.');
    expect(textOf()).toBe('Hello');
  });

  test('Escape leaves an edit', () => {
    const onCancel = vi.fn();
    render(<Composer label="Edit" isBusy={false} onSend={async () => {}} onCancel={onCancel} initialText="Hi" />);
    press('Escape');
    expect(onCancel).toHaveBeenCalledOnce();
  });
});
