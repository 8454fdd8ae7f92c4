// Errors of the API, each with what the person can do about it.

const ADVICE = {
  invalid_api_key: "Reload this page, and sign in again if you are asked to.",
  model_not_found: "Choose a model from the list, or ask an administrator for access to this one.",
  context_length_exceeded: "Shorten the conversation, or start a new one.",
  request_too_large: "Leave out an image, or start a new conversation.",
  api_disabled: "An administrator has switched the API off. Try again later.",
  upstream_unavailable: "The model's server does not answer. Try again, or choose another model.",
  upstream_timeout: "The model took too long. Try again, or ask for a shorter answer.",
  all_targets_cooling: "The model has just failed several times. Try again in a minute.",
};
const BY_STATUS = {
  400: "Change the parameters or the message: the text above says which part was refused.",
  401: "Reload this page, and sign in again if you are asked to.",
  403: "Ask an administrator for access.",
  404: "Choose another model from the list.",
  429: "Wait a moment, then try again. Your limits are on the start page.",
};
const OTHER = "Try again. If it fails again, give the request id to an administrator.";

export class Failure extends Error {
  constructor({ message, code = "", status = 0, requestId = "", retryAfter = 0 }) {
    super(message);
    Object.assign(this, { code, status, requestId, retryAfter });
  }

  get advice() {
    if (this.retryAfter) return `Try again in ${inWords(this.retryAfter)}.`;
    return ADVICE[this.code] ?? BY_STATUS[this.status] ?? OTHER;
  }
}

// The failure that `response`, whose status is none of success, tells of.
export async function failureOf(response) {
  const error = ((await response.json().catch(() => ({}))) ?? {}).error ?? {};
  return new Failure({
    message: error.message ?? `The gateway answered ${response.status}.`,
    code: error.code ?? "",
    status: response.status,
    requestId: response.headers.get("x-request-id") ?? "",
    retryAfter: Number(response.headers.get("retry-after")) || 0,
  });
}

// A request that got no response at all.
export function unreachable() {
  const message = "The gateway cannot be reached.";
  return new Failure({ message, code: "unreachable" });
}

function inWords(seconds) {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  if (seconds < 5400) return `${Math.ceil(seconds / 60)} min`;
  return `${Math.ceil(seconds / 3600)} h`;
}
