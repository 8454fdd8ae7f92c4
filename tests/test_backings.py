"""What the tests run on."""

from tests.support.parts import Services


def test_a_service_that_was_found_is_the_one_in_use(services: Services, settings):
    engine = "postgresql" if services.postgres else "sqlite3"
    assert settings.DATABASES["default"]["ENGINE"].endswith(engine)
    assert bool(settings.REDIS_URL) == bool(services.redis)
