// What an operator may write in config.ts, as it is inferred from the schema, and what the program makes of it.
export type { Config } from './schema';
export type { HubSettings, ResolvedConfig } from './defaults';
