"""From a request that may pass to an upstream's answer: routes, dispatch, relay."""
