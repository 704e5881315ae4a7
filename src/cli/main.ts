// Entry of every command but `stream`.
import { runProgram } from './program';

void runProgram();
