import type { CredentialHeaders, DemoHeaders } from './headers.js';

const example = `mutation {
  unassignUserFromProject(input: {
    projectId: "proj_TrlkLiH4", user: { id: "user_VNBwrq3d4OaxJjoykkwIRTbqgnYgjCl" }, dryRun: true
  }) {
    __typename
    ... on RevocationSuccess { applied sessionEffect canStartSession }
    ... on AccessError { code message }
  }
}`;

/** Where the gateway is, and what can be opened there in a browser. */
export interface Place {
  /** The address of the graph. */
  readonly url: string;
  /** The pages, by their names; none where they are switched off. */
  readonly pages: Readonly<Record<string, string>>;
}

/** What a newcomer is told when the gateway with the demo organization is up. */
export function describeDemo(place: Place, headers: DemoHeaders): string {
  const lists: [who: string, headers: CredentialHeaders | null][] = [
    ['Management token (users of projects)', headers.managementToken],
    ['Administrator, Ada: ORG_ADMIN (roles, and everything else; good for a week)', headers.administrator],
    ['API key of Ada', headers.administratorKey],
    ['API key of Mia, who holds USER_MANAGER (global roles)', headers.userManagerKey],
    ['API key of Nina, who may do nothing', headers.plainUserKey],
    ['Management token of an organization without the management API', headers.basicManagementToken],
  ];
  const credentials = lists.flatMap(([who, list]) => (list ? [`${who}:`, ...toLines(list), ''] : []));
  return [
    ...describePlace(place),
    '',
    'It holds the demo organization. Its secrets are public: put no real people into this database.',
    '',
    ...credentials,
    'Try it; with dryRun: false it is done:',
    `  ${toCurl(place.url, headers.managementToken)}`,
    '',
  ].join('\n');
}

const describePlace = ({ url, pages }: Place) => [
  `Divest is ready: ${url}`,
  ...Object.entries(pages).map(([name, address]) => `${name}, in a browser: ${address}`),
];

const toLines = (headers: CredentialHeaders) => Object.entries(headers).map(([name, value]) => `  ${name}: ${value}`);

function toCurl(url: string, headers: CredentialHeaders): string {
  const query = example.replace(/\s+/g, ' ');
  const all = { 'Content-Type': 'application/json', ...headers };
  const options = Object.entries(all).map(([name, value]) => `-H '${name}: ${value}'`);
  return `curl -s ${url} ${options.join(' ')} --data '${JSON.stringify({ query })}'`;
}

/** What is told outside production where there is no demo organization. */
export function describeStart(place: Place, isEmbedded: boolean): string {
  return [
    ...describePlace(place),
    '',
    'Credentials, with `npm run -s divest --` in front in a checkout:',
    '  sign-token --subject user_… --organization org_… --roles ORG_ADMIN',
    '  issue-management-token --organization org_… --name …',
    '  issue-api-key --user user_… --name …',
    ...(isEmbedded ? ['Stop the gateway before you issue one: it has the embedded database for itself.'] : []),
    '',
  ].join('\n');
}
