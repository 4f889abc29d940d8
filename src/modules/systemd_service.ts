import { systemd } from './shared/systemd.ts';

export default systemd;
