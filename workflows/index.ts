export { audit } from './audit.ts';
export { cascade } from './cascade.ts';
export { sweep } from './sweep.ts';
