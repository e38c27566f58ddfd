"""The app's addresses."""

from common.django_pages import healthy
from django.urls import path

from legal_aid import sign_in, views

handler400 = "legal_aid.views.failed"
urlpatterns = [
    path("", views.home),
    path("whoami", views.whoami),
    path("login", sign_in.Begin.as_view()),
    path("callback", sign_in.Callback.as_view(), name="callback"),
    path("logout", sign_in.End.as_view()),
    path("signed-out", views.signed_out),
    path("failed", views.failed),
    path("away", views.away),
    path("backchannel-logout", views.backchannel),
    path("healthz", healthy),
]
