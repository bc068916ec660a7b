import { z } from 'zod';

/** Where a service of the user's own is asked. @param why it must hold no user or password: who else reads it. */
export function serviceUrl(why: string): z.ZodURL {
  return z
    .url({ protocol: /^https?$/, message: 'expected an http or https URL' })
    .refine((text) => !/^\w+:\/\/[^/?#]*@/.test(text), { message: `must hold no user or password: ${why}` });
}
