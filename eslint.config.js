import graphql from '@graphql-eslint/eslint-plugin';

const recommended = graphql.configs['flat/schema-recommended'].rules;
const relay = graphql.configs['flat/schema-relay'].rules;
const [level, naming] = recommended['@graphql-eslint/naming-convention'];

// ESLint looks at the schema alone: Biome looks after the code.
export default [
  {
    files: ['schema.graphql'],
    languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig: { schema: 'schema.graphql' } } },
    plugins: { '@graphql-eslint': graphql },
    rules: {
      ...recommended,
      ...relay,
      // The names with an underscore are given by Apollo Federation.
      '@graphql-eslint/naming-convention': [
        level,
        {
          ...naming,
          allowLeadingUnderscore: true,
          types: { style: 'PascalCase', ignorePattern: '^_(Any|Entity|Service)$' },
          FieldDefinition: { style: 'camelCase', ignorePattern: '^_(entities|service)$' },
        },
      ],
      '@graphql-eslint/require-description': [
        'error',
        { types: true, rootField: true, FieldDefinition: true, InputValueDefinition: true, EnumValueDefinition: true },
      ],
      // What is neither an answer nor a part of one is a Node.
      '@graphql-eslint/strict-id-in-types': [
        'error',
        {
          acceptedIdNames: ['id'],
          acceptedIdTypes: ['ID'],
          exceptions: {
            suffixes: ['Error', 'Success', 'Connection', 'ConnectionEdge'],
            types: ['InputIssue', 'OffboardingProgress', 'OffboardingStep', 'PageInfo', 'Viewer', '_Service'],
          },
        },
      ],
      '@graphql-eslint/relay-edge-types': [
        'error',
        { withEdgeSuffix: true, shouldImplementNode: true, listTypeCanWrapOnlyEdgeType: false },
      ],
      '@graphql-eslint/relay-arguments': ['error', { includeBoth: false }],
      '@graphql-eslint/input-name': ['error', { checkInputType: true, caseSensitiveInputType: false }],
      '@graphql-eslint/no-scalar-result-type-on-mutation': 'error',
      '@graphql-eslint/require-deprecation-date': 'error',
      '@graphql-eslint/require-nullable-fields-with-oneof': 'error',
    },
  },
];
