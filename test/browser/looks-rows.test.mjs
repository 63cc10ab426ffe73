// Every state of the edit page in every look: see lib/states.mjs and
// lib/looks.mjs.
import { LOOKS } from './lib/looks.mjs';
import { OPTIONS, rows, SQL } from './lib/states.mjs';
import { visits } from './lib/visits.mjs';

visits('browser_looks_rows', { sql: SQL, options: OPTIONS, states: rows, looks: LOOKS });
