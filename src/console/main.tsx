import { render } from 'preact';
import { App } from './app.js';
import { createDocuments } from './documents.js';

const prefix = document.querySelector<HTMLMetaElement>('meta[name=divest-type-prefix]')?.content ?? '';
const root = document.getElementById('console');
if (root) {
  render(<App documents={createDocuments(prefix)} />, root);
}
