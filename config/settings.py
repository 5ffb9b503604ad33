"""Everything outside this house is addressed by URL; everything a city may choose is set here."""

import os
from datetime import timedelta
from decimal import Decimal
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from config import schedule

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
VAR_DIR = Path(env("VAR_DIR", default=str(BASE_DIR / "var")))
if "DATABASE_URL" not in env.ENVIRON and (VAR_DIR / "run" / "env").exists():
    env.read_env(VAR_DIR / "run" / "env")

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env("SECRET_KEY")
PUBLIC_URL = env("PUBLIC_URL", default="http://127.0.0.1:8000")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# --- the city -----------------------------------------------------------------------------------
CITY = {
    "name": env("CITY_NAME", default="厦门市"),
    "name_en": env("CITY_NAME_EN", default="Xiamen"),
    "product": env("CITY_PRODUCT", default="厦门市公共算力服务平台"),
    "product_en": env("CITY_PRODUCT_EN", default="Xiamen Public Compute"),
    "authority": env("CITY_AUTHORITY", default="厦门市工业和信息化局"),
    "authority_en": env("CITY_AUTHORITY_EN", default="Xiamen Bureau of Industry and Information Technology"),
    "record_number": env("CITY_RECORD_NUMBER", default=""),
    "site_code": env("CITY_SITE_CODE", default=""),
    "hotline": env("CITY_HOTLINE", default=""),
    "is_demo": env.bool("CITY_IS_DEMO", default=False),
}

# --- applications -------------------------------------------------------------------------------
INSTALLED_APPS = [
    "config",
    "maas",
    "ops",
    "subsidies",
    "marketplace",
    "scheduler",
    "federation",
    "portal",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.idp.oidc",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "axes",
    "pgtrigger",
    "pghistory",
    "django_filters",
    "django_htmx",
    "csp",
    "rest_framework",
    "drf_spectacular",
]

MIDDLEWARE = [
    "portal.shell.middleware.ProgramsSpeakTls",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.shell.middleware.RequestId",
    "portal.shell.middleware.Measured",
    "portal.developers.middleware.CallsNoted",
    "portal.shell.middleware.ProtectiveHeaders",
    "portal.shell.middleware.HostCookies",
    "config.status.AskedByAStranger",
    "django.middleware.gzip.GZipMiddleware",
    "portal.shell.traffic.Revalidation",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "portal.shell.middleware.NoNullCharacters",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portal.shell.traffic.Allowance",
    "portal.shell.rehearsals.OnlyWhereAnswered",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.organizations.middleware.CurrentOrganization",
    "portal.watch.middleware.Refused",
    "portal.entrance.middleware.Door",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
FORM_RENDERER = "portal.shell.forms.Renderer"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.organizations.context.shell",
            ],
        },
    }
]

# --- state --------------------------------------------------------------------------------------
DATABASES = {"default": env.db("DATABASE_URL") | {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}}
DATABASE_APP_ROLE = env("DATABASE_APP_ROLE", default="")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env("REDIS_URL")
_REDIS = {
    "BACKEND": "django.core.cache.backends.redis.RedisCache",
    "LOCATION": REDIS_URL,
    "KEY_PREFIX": "portal",
    "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 1},
}
# Shared by every process. Default: one-time codes that were used, sign-ins on their way, counts of tries: no door opens
# without it. Passing: what may be lost.
CACHES = {"default": _REDIS, "passing": _REDIS | {"BACKEND": "portal.shell.caching.Passing"}}
# How many seconds what everybody is shown alike is shown as it was last read.
FRESH_SECONDS = {"shelf": 5, "wall": 10}

# --- people -------------------------------------------------------------------------------------
AUTH_USER_MODEL = "portal.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "portal.organizations.backends.WithMemberships",
]
# "djbh3": GB/T 22239 level 3 (mixed characters, history, age); "asvs": OWASP ASVS 5.0 (neither).
PASSWORD_POLICY = env("PASSWORD_POLICY", default="djbh3")
PASSWORD_CHANGE_URL = "account_change_password"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": name}
    for name in (
        "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "django.contrib.auth.password_validation.CommonPasswordValidator",
        "portal.accounts.passwords.LongEnough",
        "portal.accounts.passwords.NotOfThisPlace",
        "portal.accounts.passwords.Mixed",
        "portal.accounts.passwords.NotUsedBefore",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "desk"
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
ACCOUNT_LOGIN_METHODS = {"username", "email", "phone"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "phone", "password1*", "password2*"]
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_FORMS = {"signup": "portal.accounts.forms.SignupForm"}
ACCOUNT_EMAIL_VERIFICATION = env("ACCOUNT_EMAIL_VERIFICATION", default="none")
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_ADAPTER = "portal.entrance.adapter.AccountAdapter"
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = True
# Wrong passwords and codes are counted by axes, account by account; this only slows down an address.
ACCOUNT_RATE_LIMITS = {"login_failed": "30/m/ip,30/5m/key"}
MFA_ADAPTER = "portal.entrance.adapter.FactorAdapter"
MFA_FORMS = {
    "add_webauthn": "portal.accounts.forms.AddKeyForm",
    "edit_webauthn": "portal.accounts.forms.EditKeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# A used code is remembered for as long as it is good; a tolerance would let it be used again.
MFA_TOTP_TOLERANCE = 0
PASSWORD_RESET_TIMEOUT = 3600
ACCOUNT_PHONE_VERIFICATION_TIMEOUT = 600
MFA_TOTP_ISSUER = CITY["product"]
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = PUBLIC_URL.startswith("http://")
# A stay ends after so long without a hand on it, and after SESSION_COOKIE_AGE in any case.
SESSION_IDLE_SECONDS = {
    "officers": 60 * env.int("SESSION_IDLE_MINUTES_OFFICERS", default=15),
    "others": 60 * env.int("SESSION_IDLE_MINUTES", default=30),
}
# From which networks a role may work: security_admin=10.1.0.0/16 10.2.0.0/16,system_admin=10.1.0.0/16
OFFICER_NETWORKS = {
    role: [str(ip_network(network)) for network in networks.split()]
    for role, networks in env.dict("OFFICER_NETWORKS", default={}).items()
}
IDLE_ACCOUNT_DAYS = env.int("IDLE_ACCOUNT_DAYS", default=90)
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=30)
AXES_LOCKOUT_PARAMETERS = ["username", ["username", "ip_address"]]
AXES_USERNAME_CALLABLE = "portal.entrance.locks.name_of"
AXES_CLIENT_IP_CALLABLE = "portal.shell.limits.address_of"
AXES_LOCKOUT_CALLABLE = "portal.entrance.locks.answer"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_SENSITIVE_PARAMETERS = ["username", "login", "email", "phone", "ip_address", "code", "credential"]
AXES_ENABLE_ADMIN = False
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
EMAIL_CONFIG = env.email("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
SMS_BACKEND = env("SMS_BACKEND", default="portal.shell.sms.simulated")

# Everybody's rights are asked about once a quarter, and answered within two weeks.
ACCESS_REVIEW_DAYS = env.int("ACCESS_REVIEW_DAYS", default=90)
ACCESS_REVIEW_DUE_DAYS = env.int("ACCESS_REVIEW_DUE_DAYS", default=14)

# --- signing in across the city's systems --------------------------------------------------------
IDP_OIDC_ADAPTER = "portal.sso.adapters.Provider"
IDP_OIDC_INTROSPECTION_ENABLED = True
OIDC_KEY_FILE = env("OIDC_KEY_FILE", default="")
IDP_OIDC_PRIVATE_KEY = Path(OIDC_KEY_FILE).read_text() if OIDC_KEY_FILE else ""
SOCIALACCOUNT_ADAPTER = "portal.sso.adapters.UnifiedIdentity"
# The unified identity proves mailboxes, so a proved one is the same person as ours with that mailbox.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_LOGIN_ON_GET = False
UNIFIED_IDENTITY_URL = env("UNIFIED_IDENTITY_URL", default="")
UNIFIED_IDENTITY = {
    "provider_id": "city",
    "name": env("UNIFIED_IDENTITY_NAME", default="统一身份认证"),
    "client_id": env("UNIFIED_IDENTITY_CLIENT_ID", default=""),
    "secret": env("UNIFIED_IDENTITY_CLIENT_SECRET", default=""),
    # Whose word counts: the issuer as it names itself, where that differs from its address.
    "settings": {
        "server_url": UNIFIED_IDENTITY_URL,
        "issuer": env("UNIFIED_IDENTITY_ISSUER", default=UNIFIED_IDENTITY_URL),
    },
}
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "provider_class": "portal.sso.identity.CityIdentity",
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [UNIFIED_IDENTITY] if UNIFIED_IDENTITY_URL else [],
    }
}

# --- language and time --------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("中文")), ("en", _("英文"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

# --- files --------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [("vendor", VAR_DIR / "assets")]
STATICFILES_FINDERS = [
    "portal.shell.bundles.BundleFinder",
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
]
SILENCED_SYSTEM_CHECKS = [
    "staticfiles.W004"
]  # the charts' bundle may be missing: they are tables and drawings then
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024

# --- security -----------------------------------------------------------------------------------
IS_HTTPS = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE_SSL_REDIRECT = IS_HTTPS
CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
if IS_HTTPS:
    # The others get the prefix by HostCookies; the door's two are looked up under it in many places.
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
SECURE_HSTS_SECONDS = 31536000 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_HTTPS else None
SESSION_COOKIE_AGE = 12 * 3600
# A load balancer asks from inside, without TLS.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
# How many proxies of ours stand in front and add to X-Forwarded-For; what lies further left is anybody's word.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXIES", default=0)
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "portal.shell.errors.csrf_failure"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        # A browser follows a form's redirect only to places that stand here.
        "form-action": [
            SELF,
            *(
                ["{0.scheme}://{0.netloc}".format(urlsplit(UNIFIED_IDENTITY_URL))]
                if UNIFIED_IDENTITY_URL
                else []
            ),
        ],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
    }
}

# How often a minute: one key, one person, one address that shows neither, passwords tried and keys for programs asked for
# from one address, and programs' codes tried by one person.
RATE_LIMITS = {
    "key": env.int("RATE_LIMIT_KEY", default=600),
    "person": env.int("RATE_LIMIT_PERSON", default=1200),
    "address": env.int("RATE_LIMIT_ADDRESS", default=600),
    "password": env.int("RATE_LIMIT_PASSWORD", default=10),
    "device": env.int("RATE_LIMIT_DEVICE", default=10),
    "user_code": env.int("RATE_LIMIT_USER_CODE", default=10),
    "paper": env.int("RATE_LIMIT_PAPER", default=30),
    # Not a limit: so many refusals of one person, and the security administrator is told.
    "refused": env.int("ALARM_REFUSALS", default=20),
}

# So many wrong sign-ins from one address within ten minutes look like an attack.
ALARM_FAILED_SIGN_INS = env.int("ALARM_FAILED_SIGN_INS", default=20)

# Who keeps the keys: software, or a certified cipher machine behind the same interface.
CRYPTO_PROVIDER = env("CRYPTO_PROVIDER", default="portal.crypto.software.SoftwareProvider")
CRYPTO_KEYS_FILE = env("CRYPTO_KEYS_FILE", default="")
CRYPTO_KEYS = env("CRYPTO_KEYS", default="")

# The demonstration city may send webhooks to itself; a real one never reaches its own inside.
OUTBOUND_LOOPBACK = env.bool("OUTBOUND_LOOPBACK", default=False)

# Where addresses that people type may lead: names, with everything beneath them. None: anywhere outside.
OUTBOUND_HOSTS = env.list("OUTBOUND_HOSTS", default=[])

# --- the record ---------------------------------------------------------------------------------
# A folder, best on another machine's disk, where signed checkpoints are out of the database owner's reach.
AUDIT_EXPORT_DIR = env("AUDIT_EXPORT_DIR", default="")
# How long events stay in the table before `archive_audit` may carry them away; the law asks for six months.
AUDIT_MONTHS = env.int("AUDIT_MONTHS", default=13)

# Whoever copies reads every row and writes none; only the worker is told. Without it, nights pass without a copy.
DATABASE_BACKUP_URL = env("DATABASE_BACKUP_URL", default="")
BACKUP_DIR = env("BACKUP_DIR", default=str(VAR_DIR / "backups"))
BACKUPS_KEPT = env.int("BACKUPS_KEPT", default=14)

# --- background work ----------------------------------------------------------------------------
RAY_ADDRESS = env("RAY_ADDRESS", default="")
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 5,
    "socket_connect_timeout": 1,
    "visibility_timeout": 600,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 120
CELERY_TIMEZONE = TIME_ZONE
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = schedule.BEAT

# --- the clusters -------------------------------------------------------------------------------
CLUSTER_ADAPTERS = {
    "ray": "federation.adapters.ray.connect",
    "simulated": "federation.adapters.simulated.connect",
}

# --- the interface for programs -----------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "portal.tokens.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["portal.tokens.authentication.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["portal.tokens.limits.Fair"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "portal.shell.parsers.Json",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_SCHEMA_CLASS": "portal.shell.openapi.Schema",
    "EXCEPTION_HANDLER": "portal.shell.api.problem",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "公共算力服务平台 API",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "config.api_words.say"],
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "OrderStatus": "marketplace.orders.models.Order.Status",
        "OperationState": "portal.shell.operations.STATES",
        "StateEnum": "federation.clusters.models.Cluster.State",
        "ApprovalStatus": "portal.approvals.models.Approval.Status",
        "PaymentStatus": "marketplace.payments.models.Payment.Status",
        "VoucherStatus": "subsidies.vouchers.models.Voucher.Status",
        "BillStatus": "marketplace.billing.models.Bill.Status",
        "StatementKind": "marketplace.settlement.models.Statement.Kind",
    },
}

# --- the market ---------------------------------------------------------------------------------
# Without both of these no online payment is offered; firms pay by transfer then.
STRIPE_SECRET_KEY = env("STRIPE_SECRET_KEY", default="")
STRIPE_WEBHOOK_SECRET = env("STRIPE_WEBHOOK_SECRET", default="")
STRIPE_API_BASE = env("STRIPE_API_BASE", default="https://api.stripe.com")
STRIPE_METHODS = env.list("STRIPE_METHODS", default=["alipay", "wechat_pay", "card"])
# The provider's fees as agreed, in hundredths of a percent: alipay=220,card=340. Unnamed methods are not checked.
STRIPE_FEES = {method: int(points) for method, points in env.dict("STRIPE_FEES", default={}).items()}
# How the provider is called as the sender of its payouts on our bank's statements.
STRIPE_PAYOUT_NAME = env("STRIPE_PAYOUT_NAME", default="Stripe")
# Where firms transfer to: holder, bank and number of the platform's own account.
BANK_ACCOUNT = {
    "holder": env("BANK_ACCOUNT_HOLDER", default="演示账户，请勿汇款" if CITY["is_demo"] else ""),
    "bank": env("BANK_ACCOUNT_BANK", default="演示银行" if CITY["is_demo"] else ""),
    "number": env("BANK_ACCOUNT_NUMBER", default="0000 0000 0000 0000" if CITY["is_demo"] else ""),
}
FUNDING_SOURCES = [
    "subsidies.vouchers.funding.Vouchers",
    "marketplace.funding.wallet.Wallet",
    "marketplace.funding.credit.Credit",
    "marketplace.payments.funding.Alipay",
    "marketplace.payments.funding.WeChatPay",
    "marketplace.payments.funding.Card",
    "marketplace.payments.funding.BankTransfer",
]
# The issuing service of the tax platform; without both of these finance writes the invoices' numbers down by hand.
INVOICE_API_BASE = env("INVOICE_API_BASE", default="")
INVOICE_API_KEY = env("INVOICE_API_KEY", default="")
INVOICE_ITEM = env("INVOICE_ITEM", default="*信息技术服务*算力服务")
INVOICE_TAX_RATE = env("INVOICE_TAX_RATE", default="0.06")
WITHDRAWAL_MINUTES = 10
FREE_WITHDRAWALS_PER_DAY = 3
APPROVAL_HOURS = 24
# How long after its month a bill on credit may be paid.
BILL_DUE_DAYS = 15
# So many days after that, the firm is reminded, may place no orders, its work is stopped, and what is kept is given up.
OVERDUE_DAYS = {"reminded": 1, "stopped": 7, "suspended": 14, "released": 28}
# A provider answers its statement within so many days and is reminded a day before; silence is consent.
STATEMENT_ANSWER_DAYS = 5
# A total that moved by more than so many times the median of these periods is looked at before it is paid.
SETTLEMENT_MOST_CHANGE = Decimal(3)
SETTLEMENT_PERIODS_COMPARED = 12
SETTLEMENT_LEAST_PERIODS = 3

# --- what is watched ----------------------------------------------------------------------------
METRICS_TOKEN = env("METRICS_TOKEN", default="")
METRICS_DIR = Path(env("METRICS_DIR", default=str(VAR_DIR / "run" / "metrics")))
METRICS_DIR.mkdir(parents=True, exist_ok=True)
# Read by prometheus_client when it is first imported.
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(METRICS_DIR)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "portal.shell.middleware.RequestIdFilter"}},
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"},
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(request_id)s %(message)s",
            "datefmt": "%Y-%m-%dT%H:%M:%S%z",
            "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
            "json_ensure_ascii": False,
        },
    },
    "loggers": {"httpx": {"level": "WARNING"}, "stripe": {"level": "WARNING"}, "axes": {"level": "ERROR"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": env("LOG_FORMAT", default="json"),
            "filters": ["request_id"],
        }
    },
    "root": {"handlers": ["stderr"], "level": env("LOG_LEVEL", default="INFO")},
}
