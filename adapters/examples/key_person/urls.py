"""The app's addresses."""

from common.django_pages import healthy
from django.urls import path

from key_person import sign_in, views

urlpatterns = [
    path("", views.home),
    path("whoami", views.whoami),
    path("plans/<plan_id>/visited", views.visited),
    path("plans/<plan_id>/closed", views.closed),
    path("login", sign_in.Begin.as_view(), name="cas_ng_login"),
    path("logout", sign_in.End.as_view()),
    path("signed-out", views.signed_out),
    path("failed", views.failed),
    path("away", views.away),
    path("healthz", healthy),
]
