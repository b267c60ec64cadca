import { createServer } from 'node:http';
import { createGateway } from './gateway.mjs';

const { DIVEST_URL = 'http://localhost:4000/graphql', PORT = '4100' } = process.env;

const server = createServer(createGateway({ divestUrl: DIVEST_URL }));
server.listen(Number(PORT), 'localhost', () => {
  console.log(`http://localhost:${server.address().port}/graphql, in front of ${DIVEST_URL}`);
});
