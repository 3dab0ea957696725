# A Django project in one file: the settings, and the model of table orders. DATABASE is as PGHOST and its kin say.
import os
import sys

import django
from django.conf import settings
from django.db import models

settings.configure(
    DATABASES={"default": {
        "ENGINE": "django.db.backends.postgresql", "HOST": os.environ["PGHOST"], "PORT": os.environ["PGPORT"],
        "NAME": os.environ["PGDATABASE"], "USER": os.environ["PGUSER"]}},
    INSTALLED_APPS=sys.argv[1].split(",") if len(sys.argv) > 1 else [], USE_TZ=True, DEFAULT_AUTO_FIELD="django.db.models.BigAutoField")
django.setup()


class Order(models.Model):
    id = models.IntegerField(primary_key=True)
    status = models.TextField()

    class Meta:
        app_label = "orders"
        managed = False
        db_table = "orders"
