"""Settings of Holdshort, read from the environment.

Development is the default and needs nothing set. Production is chosen with HOLDSHORT_ENV=production and refuses to
start while anything is left at a value that is only safe on a developer's machine.
"""

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import environ
from django.core.exceptions import ImproperlyConfigured
from redis.connection import parse_url

from orchestrator.supervisor.places import DATABASE, Places
from orchestrator.supervisor.secret import read_or_make_secret

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent

# --- Where and how this Holdshort runs -------------------------------------------------------------------------------

HOLDSHORT_ENV = env.str("HOLDSHORT_ENV", "development")
if HOLDSHORT_ENV not in {"development", "production"}:
    raise ImproperlyConfigured(f"HOLDSHORT_ENV is {HOLDSHORT_ENV!r}; set it to development or production.")
PRODUCTION = HOLDSHORT_ENV == "production"
HOLDSHORT_HOME = Path(env.str("HOLDSHORT_HOME", "") or BASE_DIR / "var").expanduser().resolve()
HOLDSHORT_PLACES = Places.for_home(HOLDSHORT_HOME)

# Seconds a worker may keep a step without renewing its lease before another worker takes it over.
HOLDSHORT_LEASE_SECONDS = env.int("HOLDSHORT_LEASE_SECONDS", 30)
# Seconds between an approval and its effect, in which the reviewer can undo.
HOLDSHORT_HOLD_SECONDS = env.int("HOLDSHORT_HOLD_SECONDS", 8)
# Seconds a model may take for one answer.
HOLDSHORT_MODEL_SECONDS = env.int("HOLDSHORT_MODEL_SECONDS", 60)
# How many requests a program may make in a minute with one API token.
HOLDSHORT_API_REQUESTS_PER_MINUTE = env.int("HOLDSHORT_API_REQUESTS_PER_MINUTE", 300)
# Whom error pages tell people to ask.
HOLDSHORT_SUPPORT_CONTACT = env.str("HOLDSHORT_SUPPORT_CONTACT", "the person who runs this Holdshort")
# Seconds between two looks at whether the servers of all connections still offer the tools that were classified.
HOLDSHORT_LOOK_SECONDS = env.int("HOLDSHORT_LOOK_SECONDS", 300)
# A model string such as "anthropic:claude-sonnet-4-5" that replaces the scripted models of the sample agents.
HOLDSHORT_MODEL = env.str("HOLDSHORT_MODEL", "")
# Which sample data `load_samples` sets up: norrland, or retail (see `make demo-retail`).
HOLDSHORT_SAMPLES = env.str("HOLDSHORT_SAMPLES", "norrland")
# Seconds between new sample cases; 0 starts none. A real model costs money, so with one none start unless asked for.
HOLDSHORT_TRICKLE_SECONDS = env.int("HOLDSHORT_TRICKLE_SECONDS", 0 if PRODUCTION or HOLDSHORT_MODEL else 40)
# The programs an admin may choose for a connection over stdio: {"name": ["program", "argument", ...]}. Each is started
# through the leash, so that none outlives the worker that started it.
HOLDSHORT_STDIO_SERVERS: dict[str, list[str]] = env.json("HOLDSHORT_STDIO_SERVERS", {})
if not PRODUCTION:
    HOLDSHORT_STDIO_SERVERS.setdefault("company", [sys.executable, "-m", "orchestrator.samples.company"])
_LEASH = [sys.executable, str(BASE_DIR / "orchestrator" / "supervisor" / "leash.py")]
HOLDSHORT_STDIO_SERVERS = {name: [*_LEASH, *argv] for name, argv in HOLDSHORT_STDIO_SERVERS.items()}
# The modules of this installation that offer tools (see agents/python_tools.py), and that an admin may choose for a
# connection: {"name": "dotted.module"}. They run inside the workers with all their rights: list only what you trust.
HOLDSHORT_PYTHON_TOOLS: dict[str, str] = env.json("HOLDSHORT_PYTHON_TOOLS", {})
if isinstance(HOLDSHORT_PYTHON_TOOLS, dict):
    HOLDSHORT_PYTHON_TOOLS["memory"] = "agents.notes.tools"

DEBUG = env.bool("HOLDSHORT_DEBUG", False)
ALLOWED_HOSTS: list[str] = env.list("HOLDSHORT_ALLOWED_HOSTS", default=[])
SECRET_KEY = env.str("HOLDSHORT_SECRET_KEY", "")

if PRODUCTION:
    if DEBUG:
        raise ImproperlyConfigured("HOLDSHORT_DEBUG is on; unset it, because production must not show its insides.")
    if not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS:
        raise ImproperlyConfigured(
            "Set HOLDSHORT_ALLOWED_HOSTS to the names people reach this Holdshort under, for example desk.example.com."
        )
    if len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 5 or SECRET_KEY.startswith("django-insecure-"):
        raise ImproperlyConfigured(
            "Set HOLDSHORT_SECRET_KEY to at least 50 random characters, for example from `openssl rand -base64 48`."
        )
else:
    ALLOWED_HOSTS = [*ALLOWED_HOSTS, "localhost", "127.0.0.1", "[::1]"]
    SECRET_KEY = SECRET_KEY or read_or_make_secret(HOLDSHORT_HOME / "secret-key")

# --- Django ----------------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "channels",
    "django_htmx",
    "allauth",
    "allauth.account",
    "guardian",
    "django_celery_beat",
    "orchestrator",
    "orchestrator.accounts",
    "orchestrator.workflows",
    "orchestrator.runs",
    "orchestrator.samples",
    "approvals",
    "agents",
    "audit",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "orchestrator.middleware.content_security_policy",
    "orchestrator.middleware.StaticFiles",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "orchestrator.middleware.time_zone",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "orchestrator.urls"
ASGI_APPLICATION = "orchestrator.asgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "orchestrator.context.shell",
            ],
        },
    },
]

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True

# --- Database, broker, live updates ----------------------------------------------------------------------------------

EMBEDDED_DATABASE = not env.str("DATABASE_URL", "")
EMBEDDED_BROKER = not env.str("REDIS_URL", "")

DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": DATABASE,
        "USER": DATABASE,
        "HOST": str(HOLDSHORT_PLACES.database_socket_folder),
    }
    if EMBEDDED_DATABASE
    else env.db_url("DATABASE_URL")
}
# A socket folder may stand in the URL as libpq writes it: postgres://user@%2Frun%2Fpostgresql/name
DATABASES["default"]["HOST"] = unquote(DATABASES["default"]["HOST"])
# Under ASGI each request runs in a thread of its own, so a kept connection would never be used again (Django docs,
# "Persistent connections"); opening one on a unix socket takes about 3 ms.
DATABASES["default"]["CONN_MAX_AGE"] = 0
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True

REDIS_URL = env.str("REDIS_URL", "") or HOLDSHORT_PLACES.broker_url()

# What is published reaches every database of a Redis server, hence the number of ours in the prefix.
_broker = parse_url(REDIS_URL)  # type: ignore[no-untyped-call]
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": f"holdshort-live.{_broker.get('db', 0)}"},
    },
}

# Holds the counters that slow down password guessing. In the database, so that a broker that is down locks nobody out.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}}

# --- Celery: a doorbell, never the truth; losing any message costs only time -----------------------------------------

CELERY_BROKER_URL = (
    REDIS_URL.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
    if REDIS_URL.startswith("unix://")
    else REDIS_URL
)
# Without ack_emulation a message that a worker had when it died is gone, and needs no bookkeeping until then: the sweep
# finds what it spoke of, long before a message would be delivered again.
# Nobody who rings waits for a broker that does not answer: one try, and seven tenths of a second at most.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    **{"global_keyprefix": "holdshort:", "ack_emulation": False},
    **{"socket_connect_timeout": 0.7, "socket_timeout": 0.7, "max_retries": 0},
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
# New runs wait until no other message does: 0 comes first, and each priority has a list of its own at the broker.
CELERY_TASK_ROUTES = {"runs.begin": {"priority": 3}}
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 2.0
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = TIME_ZONE
# Schedules stand in the database: those of triggers, and these sweeps, which the clock puts beside them at its start.
CELERY_BEAT_SCHEDULER = "orchestrator.beat:Clock"
# {"name": {"task": "dotted.path", "schedule": seconds}}; two clocks at once do no harm, every task here is a sweep.
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "sweep": {"task": "runs.sweep", "schedule": 5.0},
    "note": {"task": "approvals.note_decisions", "schedule": 60.0},
    "look": {"task": "agents.look_at_servers", "schedule": float(HOLDSHORT_LOOK_SECONDS)},
}
if HOLDSHORT_TRICKLE_SECONDS > 0:
    CELERY_BEAT_SCHEDULE["trickle"] = {"task": "samples.trickle", "schedule": float(HOLDSHORT_TRICKLE_SECONDS)}

# --- People ----------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend", "guardian.backends.ObjectPermissionBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
ANONYMOUS_USER_NAME = None
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "sign-in"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "orchestrator.accounts.adapter.AccountAdapter"
ACCOUNT_SESSION_REMEMBER = True
SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())
ACCOUNT_SESSION_COOKIE_AGE = SESSION_COOKIE_AGE

# --- What the browser is told ----------------------------------------------------------------------------------------

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS: list[str] = env.list("HOLDSHORT_TRUSTED_ORIGINS", default=[])
SECURE_SSL_REDIRECT = env.bool("HOLDSHORT_SSL_REDIRECT", PRODUCTION)
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = env.int("HOLDSHORT_HSTS_SECONDS", int(timedelta(days=365).total_seconds())) if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
# Not "no-referrer": with it browsers send "Origin: null" on form posts, which the CSRF check must refuse (Fetch, 3.1).
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if env.bool("HOLDSHORT_BEHIND_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
DATA_UPLOAD_MAX_NUMBER_FILES = 5
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_000_000

# --- Static files ----------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = HOLDSHORT_HOME / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = not PRODUCTION
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# --- Logging ---------------------------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    # While a part is down, the health page says so to every caller; the log need not repeat it at each call.
    "filters": {"not_health": {"()": "orchestrator.health.NotHealth"}},
    # The HTTP client of the model providers tells of every request.
    "loggers": {"django.request": {"filters": ["not_health"]}, "httpx2": {"level": "WARNING"}},
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("HOLDSHORT_LOG_LEVEL", "INFO")},
}
