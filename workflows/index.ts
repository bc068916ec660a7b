export { alarm } from './alarm.ts';
export { announceCancel } from './announce-cancel.ts';
export { audit } from './audit.ts';
export { cascade } from './cascade.ts';
export { feedback } from './feedback.ts';
export { relearn } from './relearn.ts';
export { sweep } from './sweep.ts';
