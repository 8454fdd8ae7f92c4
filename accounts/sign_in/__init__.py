"""How people sign in, on top of django-allauth: passwords, second factors, and their pages."""
