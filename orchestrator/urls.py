"""The addresses of Holdshort. Each app adds its own with one include line."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
