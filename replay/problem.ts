/** A request that a vendor refuses, in OpenAI's words. */
export interface Problem {
  readonly status: 400 | 404 | 429 | 500;
  readonly message: string;
  readonly type: 'invalid_request_error' | 'requests' | 'server_error';
  readonly code: string | null;
  readonly param: string | null;
}

/** OpenAI's body of an error. */
export function errorBody({ message, type, code, param }: Problem): { readonly error: object } {
  return { error: { message, type, code, param } };
}

export function badRequest(message: string, param: string | null, code: string | null = null): Problem {
  return { status: 400, message, type: 'invalid_request_error', code, param };
}

export function modelNotFound(model: string, known: readonly string[]): Problem {
  return {
    status: 404,
    message: `The recorded set has no responses of the model "${model}"; it has those of ${known.join(', ')}`,
    type: 'invalid_request_error',
    code: 'model_not_found',
    param: 'model',
  };
}

export const SERVER_ERROR: Problem = {
  status: 500,
  message: 'The server had an error while processing your request (a fault of the replay provider)',
  type: 'server_error',
  code: null,
  param: null,
};

export const RATE_LIMITED: Problem = {
  status: 429,
  message: 'Rate limit reached for requests (a fault of the replay provider)',
  type: 'requests',
  code: 'rate_limit_exceeded',
  param: null,
};
