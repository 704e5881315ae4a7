// Entry of every command but `stream`.
import { buildProgram } from './program';

void buildProgram().parseAsync();
