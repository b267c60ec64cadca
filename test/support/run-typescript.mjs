// Runs a TypeScript file in a process of its own: `node run-typescript.mjs FILE ARGUMENTS…`. For tests of what only
// several processes can do. (Node 20 reads no TypeScript; vitest's own transformer does.)
import { createViteServer } from 'vitest/node';

const server = await createViteServer({
  configFile: false,
  appType: 'custom',
  logLevel: 'error',
  optimizeDeps: { noDiscovery: true },
  server: { middlewareMode: true, watch: null, ws: false },
});
process.argv.splice(1, 1);
await server.ssrLoadModule(process.argv[1]);
