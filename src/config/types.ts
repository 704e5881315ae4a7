// What an operator may write in config.ts, as it is inferred from the schema, and what the program makes of it.
import type { ResolvedConfig } from './defaults';

export type { Config } from './schema';
export type { ResolvedConfig } from './defaults';
export type HubSettings = ResolvedConfig['hub'];
