"""Settings of the test run: the product's own, on servers that live as long as the run.

The process that starts the run chooses a state folder; its parallel workers inherit it, each with a broker database of
its own. pytest-django imports this before any conftest, so the choice has to be made here.
"""

import os
import secrets
import tempfile

for name in [name for name in os.environ if name.startswith("HOLDSHORT_") and name != "HOLDSHORT_TEST_HOME"]:
    del os.environ[name]
for name in ("DATABASE_URL", "REDIS_URL"):
    os.environ.pop(name, None)
# Only a name: conftest makes the folder, so that importing these settings leaves nothing behind.
_CHOSEN = os.path.join(tempfile.gettempdir(), f"holdshort-test-{secrets.token_hex(8)}")
os.environ["HOLDSHORT_HOME"] = os.environ.setdefault("HOLDSHORT_TEST_HOME", _CHOSEN)
os.environ["HOLDSHORT_SECRET_KEY"] = "of no worth, for it only signs what tests read " * 2

from orchestrator.settings import *  # noqa: E402, F403 - the environment had to be cleaned first
from orchestrator.settings import HOLDSHORT_PLACES  # noqa: E402

WORKER_NUMBER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) + 1

REDIS_URL = HOLDSHORT_PLACES.broker_url(WORKER_NUMBER)
CELERY_BROKER_URL = f"redis+socket://{HOLDSHORT_PLACES.broker_socket}?virtual_host={WORKER_NUMBER}"
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": f"holdshort-live.{WORKER_NUMBER}"},
    },
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
