/** Every case of abuse of a node without credentials. */
import { playing } from './playing.js';

playing('plain');
