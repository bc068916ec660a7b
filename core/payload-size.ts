/**
 * Of a request, and of a response. Temporal refuses an event above 2 MiB, with whatever else is in it: what comes near is refused
 * by name before that.
 */
export const LARGEST_PAYLOAD_BYTES = 1.5 * 1024 * 1024;
