/** Every case of abuse of a node with a secret; the hostile member has it too. */
import { playing } from './playing.js';

playing('secret');
