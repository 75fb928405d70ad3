"""A bucket for a test: moto's server with one user, who alone may use it, and whose signatures it checks.

Called with a folder; writes `server` into it when it answers: endpoint, access key, secret key and bucket, a line each.
With `--stumble` the server answers every second request for an object with 503 first."""

import json
import os
import sys
import threading
import time

os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "1000000"
os.environ.update(AWS_ACCESS_KEY_ID="root", AWS_SECRET_ACCESS_KEY="root", AWS_DEFAULT_REGION="eu-central-1")

import boto3
import moto.core.authorization
from werkzeug.serving import make_server
from moto.server import DomainDispatcherApplication, create_backend_app

folder = sys.argv[1]
application = DomainDispatcherApplication(create_backend_app)


class Stumbling:
    """Refuses every second request that names an object."""

    def __init__(self, inner):
        self.inner, self.count, self.lock = inner, 0, threading.Lock()

    def __call__(self, environ, start_response):
        if environ["PATH_INFO"].count("/") > 1 and "--stumble" in sys.argv and started.is_set():
            with self.lock:
                self.count += 1
                stumbles = self.count % 2 == 1
            if stumbles:
                environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
                start_response("503 Slow Down", [("Content-Type", "application/xml")])
                return [b"<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>"]
        return self.inner(environ, start_response)


started = threading.Event()
server = make_server("127.0.0.1", 0, Stumbling(application), threaded=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
endpoint = f"http://127.0.0.1:{server.server_port}"

identity = boto3.client("iam", endpoint_url=endpoint)
identity.create_user(UserName="tenantry")
everything = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}
identity.put_user_policy(UserName="tenantry", PolicyName="bucket", PolicyDocument=json.dumps(everything))
key = identity.create_access_key(UserName="tenantry")["AccessKey"]
boto3.client("s3", endpoint_url=endpoint).create_bucket(
    Bucket="files", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
)

# From now on every request must be signed by that user.
moto.core.authorization.ActionAuthenticatorMixin.request_count = 0
moto.core.authorization.settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
started.set()
with open(f"{folder}/server.new", "w") as file:
    file.write("\n".join([endpoint, key["AccessKeyId"], key["SecretAccessKey"], "files"]))
os.rename(f"{folder}/server.new", f"{folder}/server")

# Ends with whoever started it, whatever became of them.
parent = os.getppid()
while os.getppid() == parent:
    time.sleep(1)
