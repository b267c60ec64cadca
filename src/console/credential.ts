/** A form of credential that can be typed into the page. */
export interface CredentialForm {
  readonly kind: string;
  readonly label: string;
  readonly hint: string;
  /** The header that each typed value goes into. */
  readonly fields: readonly CredentialField[];
}

interface CredentialField {
  readonly header: string;
  readonly label: string;
  readonly secret: boolean;
  /** What the header has before the value. */
  readonly scheme?: string;
}

/** Every form in which a person can sign in; Basic opens the page only, and asks nothing of the graph. */
export const credentialForms: readonly [CredentialForm, ...CredentialForm[]] = [
  {
    kind: 'bearer',
    label: 'Bearer or session token',
    hint: 'Of your identity provider, or from startSession.',
    fields: [{ header: 'Authorization', label: 'Token', secret: true, scheme: 'Bearer' }],
  },
  {
    kind: 'management',
    label: 'Management token',
    hint: 'Of the organization: it assigns users to projects and unassigns them.',
    fields: [
      { header: 'X-Management-Id', label: 'Management id', secret: false },
      { header: 'X-Management-Token', label: 'Management token', secret: true },
    ],
  },
  {
    kind: 'key',
    label: 'API key',
    hint: 'Acts as its user: it reads, and removes global roles.',
    fields: [{ header: 'X-API-Key', label: 'API key', secret: true }],
  },
  {
    kind: 'cxone',
    label: 'CXone token',
    hint: 'Acts as its user: it reads, and removes global roles.',
    fields: [{ header: 'X-CXone-Authorization', label: 'CXone token', secret: true, scheme: 'Bearer' }],
  },
];

export type CredentialHeaders = Readonly<Record<string, string>>;

// What a header can carry, and no credential holds a space.
const headerValue = /^[\x21-\x7e]+$/;

/** The headers of a credential; null where a value is missing or can't be one. What was pasted with its scheme will do. */
export function toHeaders({ fields }: CredentialForm, values: Readonly<Record<string, string>>) {
  const headers: Record<string, string> = {};
  for (const { header, scheme } of fields) {
    const typed = (values[header] ?? '').trim();
    const value = scheme ? typed.replace(new RegExp(`^${scheme}(\\s+|$)`, 'i'), '') : typed;
    if (!headerValue.test(value)) {
      return null;
    }
    headers[header] = scheme ? `${scheme} ${value}` : value;
  }
  return headers;
}
