"""minio exchanges a token by itself, with all parameters in the query of a POST."""

import io
import os
import urllib.parse

import minio
from minio.credentials import WebIdentityProvider

url = os.environ["AWS_ENDPOINT_URL"]
with open(os.environ["AWS_WEB_IDENTITY_TOKEN_FILE"]) as file:
    token = file.read()


def client(token):
    provider = WebIdentityProvider(
        jwt_provider_func=lambda: {"access_token": token, "expires_in": "3600"},
        sts_endpoint=url,
        role_arn=os.environ["AWS_ROLE_ARN"],
        role_session_name="minio",
    )
    return minio.Minio(
        endpoint=urllib.parse.urlsplit(url).netloc, credentials=provider, secure=False, region="us-east-1"
    )


def show(name, call):
    try:
        print(f"{name}: {call()}")
    except Exception as error:
        print(f"{name}: {type(error).__name__} {getattr(error, 'code', None)}")


trusted = client(token)
show("put", lambda: trusted.put_object("insights", "bot/minio", io.BytesIO(b"hello"), 5).etag)
show("get", lambda: trusted.get_object("insights", "bot/minio").data)
show("put elsewhere", lambda: trusted.put_object("insights", "secret/minio", io.BytesIO(b"hello"), 5))
show("put with a broken token", lambda: client(token[:-4]).put_object("insights", "bot/minio", io.BytesIO(b"hello"), 5))
