import { cognigy } from './cognigy/system.js';
import { entryguard } from './entryguard/system.js';
import type { System } from './system.js';
import { voucherify } from './voucherify/system.js';

/** The systems that removals can be carried out in: a folder and an entry each. */
export const systems: readonly System[] = [voucherify, entryguard, cognigy];
