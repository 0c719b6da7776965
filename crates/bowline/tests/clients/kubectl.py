"""The commands of kubectl that the documentation shows, without kubectl.

`KUBECTL_URL`, `KUBECTL_CA` and `KUBECTL_BEARER` name an API server and its administrator. Without a
bearer token the URL is an issuer alone, and the tokens of service accounts are files in the folder
`KUBECTL_TOKENS`. No kubelet runs: `exec` runs a command here, with the variables of the pod's
manifest and a new token in the file that they name.
"""

import json
import os
import pathlib
import ssl
import subprocess
import sys
import urllib.error
import urllib.request

import yaml

URL = os.environ["KUBECTL_URL"]
CA = os.environ["KUBECTL_CA"]
BEARER = os.environ.get("KUBECTL_BEARER")
TOKENS = pathlib.Path(os.environ["KUBECTL_TOKENS"])
PATHS = {
    "ClusterRoleBinding": "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    "Namespace": "/api/v1/namespaces",
    "Pod": "/api/v1/namespaces/{}/pods",
    "ServiceAccount": "/api/v1/namespaces/{}/serviceaccounts",
}


def call(path, body=None):
    request = urllib.request.Request(URL + path)
    # An API server responds with its key set in its own media type alone.
    request.add_header("Accept", "application/json, application/jwk-set+json")
    if BEARER:
        request.add_header("Authorization", "Bearer " + BEARER)
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    tls = ssl.create_default_context(cafile=CA)
    try:
        with urllib.request.urlopen(request, context=tls) as response:
            return response.read().decode()
    except urllib.error.HTTPError as error:
        sys.exit(f"{path}: {error.code} {error.read().decode()}")


def create(manifest):
    if BEARER:
        path = PATHS[manifest["kind"]].format(manifest["metadata"].get("namespace"))
        manifest = json.loads(call(path, manifest))
    if manifest["kind"] == "Pod":
        (TOKENS / f"{manifest['metadata']['name']}.pod").write_text(json.dumps(manifest))
    print(manifest["kind"], manifest["metadata"]["name"], "created")


def token(namespace, account, audience, pod=None):
    if not BEARER:
        return (TOKENS / account).read_text()
    spec = {"audiences": [audience], "expirationSeconds": 3600}
    if pod:
        bound = {name: pod[name] for name in ("name", "uid")}
        spec["boundObjectRef"] = {"apiVersion": "v1", "kind": "Pod", **bound}
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
    return json.loads(call(path, {"spec": spec}))["status"]["token"]


def execute(name, command):
    pod = json.loads((TOKENS / f"{name}.pod").read_text())
    container = pod["spec"]["containers"][0]
    variables = {variable["name"]: variable["value"] for variable in container["env"]}
    source = pod["spec"]["volumes"][0]["projected"]["sources"][0]["serviceAccountToken"]
    file = pathlib.Path(variables["AWS_WEB_IDENTITY_TOKEN_FILE"])
    file.parent.mkdir(parents=True, exist_ok=True)
    account, audience = pod["spec"]["serviceAccountName"], source["audience"]
    namespace = pod["metadata"]["namespace"]
    file.write_text(token(namespace, account, audience, pod["metadata"]))
    # A pod has none of the variables of the shell that calls kubectl.
    variables |= {name: os.environ[name] for name in ("HOME", "PATH")}
    sys.exit(subprocess.run(command, env=variables).returncode)


def option(name):
    return sys.argv[sys.argv.index(name) + 1]


match sys.argv[1:]:
    case ["get", "--raw", path]:
        print(call(path), end="")
    case ["get", "configmap", "--namespace", "kube-system", "kube-root-ca.crt", *_]:
        print(pathlib.Path(CA).read_text(), end="")
    case ["create", "namespace", name]:
        create({"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": name}})
    case ["create", "serviceaccount", name, "--namespace", namespace]:
        metadata = {"name": name, "namespace": namespace}
        create({"kind": "ServiceAccount", "apiVersion": "v1", "metadata": metadata})
    case ["create", "token", account, *_]:
        print(token(option("--namespace"), account, option("--audience")), end="")
    case ["apply", "-f", "-"]:
        for document in yaml.safe_load_all(sys.stdin):
            create(document)
    case ["wait", "--namespace", _, "--for", "condition=Ready", _]:
        pass
    case ["exec", "--namespace", _, name, "--", *command]:
        execute(name, command)
    case unknown:
        sys.exit(f"the documentation shows no such command: {unknown}")
