import { ClusterError } from '@cluster-ai/client';
import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { startI18n } from '../../i18n/i18n.ts';
import { Parameters } from './parameters.tsx';

// Menus and tooltips measure what they point at, which jsdom does not do.
window.ResizeObserver ??= class {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
};
beforeAll(startI18n);
afterEach(cleanup);

const field = (name: string) => screen.getByRole<HTMLInputElement>('textbox', { name });
const write = (name: string, value: string) => fireEvent.change(field(name), { target: { value } });
const press = (name: string) => fireEvent.click(screen.getByRole('button', { name }));

describe('the parameters of a chat', () => {
  test('show what is set, and the defaults where nothing is', () => {
    render(<Parameters options={{ temperature: 0.2, system: 'Be brief.' }} onSave={async () => {}} />);
    press('Parameters (2 set)');
    expect(field('Temperature').value).toBe('0.2');
    expect(field('System prompt').value).toBe('Be brief.');
    expect([field('Top P'), field('Longest answer'), field('Seed')].map(({ value, placeholder }) => [value, placeholder])).toEqual([
      ['', '0.95'],
      ['', 'As long as fits'],
      ['', 'Another one each time'],
    ]);
  });

  test('are saved when they are right; what is wrong is said at its field, and nothing is saved', async () => {
    const onSave = vi.fn(async () => {});
    render(<Parameters options={{}} onSave={onSave} />);
    press('Parameters');
    write('Temperature', '9');
    write('Seed', '7');
    press('Save');
    expect(screen.getByRole('alert').textContent).toBe('Write a number from 0 to 5.');
    expect(field('Temperature').getAttribute('aria-invalid')).toBe('true');
    expect(onSave).not.toHaveBeenCalled();
    write('Temperature', '0,9');
    expect(screen.queryByRole('alert')).toBeNull();
    press('Save');
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    expect(onSave.mock.calls).toEqual([[{ temperature: 0.9, seed: 7 }]]);
  });

  test('go back to the defaults', async () => {
    const onSave = vi.fn(async () => {});
    render(<Parameters options={{ temperature: 0.2, system: 'x' }} onSave={onSave} />);
    press('Parameters (2 set)');
    press('Back to the defaults');
    press('Save');
    await waitFor(() => expect(onSave.mock.calls).toEqual([[{}]]));
  });

  test('stay in view with the reason when they were refused', async () => {
    const refuse = async () => {
      throw new ClusterError('chat_not_found', 'There is no chat "x".');
    };
    render(<Parameters options={{}} onSave={refuse} />);
    press('Parameters');
    write('Top P', '0.5');
    press('Save');
    expect((await screen.findByRole('alert')).textContent).toContain('There is no chat "x".');
    expect(field('Top P').value).toBe('0.5');
  });
});
