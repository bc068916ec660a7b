export { announceCancel } from './announce-cancel.ts';
export { cascade } from './cascade.ts';
export { sweep } from './sweep.ts';
