"""Every address of the app."""

from common.django_pages import healthy
from django.urls import path

from mediation import views
from mediation.sign_on import sign_on

urlpatterns = [
    *sign_on.urls(),
    path("", views.home),
    path("disputes", views.bring),
    path("disputes/<int:number>/settle", views.settle),
    path("whoami", views.whoami),
    path("signed-out", views.signed_out),
    path("healthz", healthy),
]
