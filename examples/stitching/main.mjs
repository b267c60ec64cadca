import { createServer } from 'node:http';
import { createGateway } from './gateway.mjs';

const { DIVEST_URL = 'http://localhost:4000/graphql', PORT = '4100' } = process.env;

const server = createServer(createGateway({ divestUrl: DIVEST_URL }));
server.on('error', ({ code }) => {
  console.error(`Port ${PORT} of localhost can't be used (${code}). Set PORT to another one.`);
  process.exitCode = 1;
});
server.listen(Number(PORT), 'localhost', () => {
  console.log(`http://localhost:${server.address().port}/graphql, in front of ${DIVEST_URL}`);
});
