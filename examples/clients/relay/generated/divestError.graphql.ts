/**
 * @generated SignedSource<<27b5e8225f107642d8c82f0f1bc1da56>>
 * @lightSyntaxTransform
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

import type { ReaderInlineDataFragment } from 'relay-runtime';
import type { FragmentRefs } from "relay-runtime";
export type divestError$data = {
  readonly code: string;
  readonly message: string;
  readonly traceId: string;
  readonly " $fragmentType": "divestError";
};
export type divestError$key = {
  readonly " $data"?: divestError$data;
  readonly " $fragmentSpreads": FragmentRefs<"divestError">;
};

const node: ReaderInlineDataFragment = {
  "kind": "InlineDataFragment",
  "name": "divestError"
};

(node as any).hash = "08106e3d7ba71c8bffb1a47e3c953b46";

export default node;
