/** Every case of abuse of a node with certificates; the hostile member has one of its own. */
import { playing } from './playing.js';

playing('tls');
