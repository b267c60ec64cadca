import { describe, expect, it } from 'vitest';
import { credentialForms, toHeaders } from '../../src/console/credential.js';

const formOf = (kind: string) => credentialForms.find((form) => form.kind === kind) ?? credentialForms[0];

describe('a credential that is typed into the console', () => {
  it.each([
    ['bearer', { Authorization: 'a.b.c' }, { Authorization: 'Bearer a.b.c' }],
    ['bearer', { Authorization: '  bearer a.b.c\n' }, { Authorization: 'Bearer a.b.c' }],
    [
      'management',
      { 'X-Management-Id': 'mgmt_1', 'X-Management-Token': ' t ' },
      { 'X-Management-Id': 'mgmt_1', 'X-Management-Token': 't' },
    ],
    ['key', { 'X-API-Key': 'k' }, { 'X-API-Key': 'k' }],
    ['cxone', { 'X-CXone-Authorization': 'a.b.c' }, { 'X-CXone-Authorization': 'Bearer a.b.c' }],
  ])('becomes the headers of its kind: %s', (kind, typed, headers) => {
    expect(toHeaders(formOf(kind), typed as Record<string, string>)).toEqual(headers);
  });

  it.each([
    ['nothing', ''],
    ['a scheme and nothing else', 'Bearer '],
    ['a space', 'a b'],
    ['a line break', 'a\nX-Other: b'],
    ['what no header can carry', 'kéy→'],
  ])('is refused where it holds %s', (_what, text) => {
    expect(toHeaders(formOf('bearer'), { Authorization: text })).toBeNull();
  });

  it('is refused where one of its parts is missing', () => {
    expect(toHeaders(formOf('management'), { 'X-Management-Token': 'token' })).toBeNull();
    expect(toHeaders(formOf('management'), { 'X-Management-Id': 'mgmt_1', 'X-Management-Token': ' ' })).toBeNull();
  });
});
