"""The addresses of Holdshort. Each app adds its own with one include line."""

from allauth.account import views as account
from django.contrib.auth.decorators import login_required
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from orchestrator.gate.hooks import receive
from orchestrator.health import healthz

urlpatterns: list[URLPattern | URLResolver] = [
    path("", login_required(RedirectView.as_view(pattern_name="inbox")), name="home"),
    path("healthz", healthz, name="healthz"),
    path("sign-in/", account.login, name="sign-in"),
    path("sign-in/", account.login, name="account_login"),  # the name django-allauth looks its own page up by
    path("sign-out/", account.logout, name="sign-out"),
    path("", include("orchestrator.accounts.urls")),
    path("", include("orchestrator.runs.urls")),
    path("", include("orchestrator.workflows.urls")),
    path("", include("approvals.urls")),
    path("", include("agents.urls")),
    path("", include("agents.notes.urls")),
    path("", include("audit.urls")),
    path("api/v1/", include("orchestrator.gate.urls")),
    path("hooks/<uuid:ref>", receive, name="hook"),
]

handler400 = "orchestrator.errors.bad_request"
handler500 = "orchestrator.errors.server_error"
