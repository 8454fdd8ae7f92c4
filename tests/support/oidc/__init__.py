"""An OpenID Connect provider on loopback: allauth's own, in a process of its own."""
