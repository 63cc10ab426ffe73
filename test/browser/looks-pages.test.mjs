// Every page in every look: see lib/states.mjs and lib/looks.mjs.
import { LOOKS } from './lib/looks.mjs';
import { OPTIONS, pages, SQL } from './lib/states.mjs';
import { visits } from './lib/visits.mjs';

visits('browser_looks_pages', { sql: SQL, options: OPTIONS, states: pages, looks: LOOKS });
