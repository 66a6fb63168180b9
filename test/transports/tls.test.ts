import { describe } from 'vitest';
import { newSecret } from '../../src/credentials/secret.js';
import { tcp } from '../../src/transports/tcp.js';
import { certificate, security } from '../support/certificates.js';
import { compliance } from './compliance.js';

const free = (): string => 'tcp://127.0.0.1:0';

describe('with a secret', () => compliance({ transport: tcp(security({ secret: newSecret() })), free }));
describe('with certificates', () => compliance({ transport: tcp(security({ tls: certificate('a') })), free }));
