// Who plays to the callers of a lab: the hub to all of them, or a process to each. run.mjs says it for a whole suite.
// What is about one way alone says so itself, in its config.
import type { ResolvedConfig } from '../../../src/config/types';

export type Play = ResolvedConfig['hub']['play'];

export const PLAY: Play = process.env['HOLDCAST_E2E_PLAY'] === 'stream' ? 'stream' : 'hub';
