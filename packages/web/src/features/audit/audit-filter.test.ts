import { expect, test } from 'vitest';
import { toAuditFilter, toAuditSearch, toExportUrl } from './audit-filter.ts';

test('the address of the page says what is looked for; what is no filter is left out', () => {
  expect(toAuditSearch({ actor: ' ana ', search: 42, result: 'denied', action: '', page: 3 })).toEqual({
    actor: 'ana',
    search: '42',
    result: 'denied',
  });
  expect(toAuditSearch({ result: 'maybe', since: ['x'] })).toEqual({});
});

test('times are the reader’s own, and go to the server with their zone; what is no time is left out', () => {
  const since = new Date(2026, 10, 30, 9, 30).toISOString();
  expect(toAuditFilter({ since: '2026-11-30T09:30', until: 'yesterday', actor: 'ana' })).toEqual({ actor: 'ana', since });
});

test('the file has the lines that are shown', () => {
  expect(toExportUrl({ search: 'a&b', result: 'ok' }, 'csv')).toBe('/api/v1/audit/export?format=csv&search=a%26b&result=ok');
});
