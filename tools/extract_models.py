#!/usr/bin/env python3
"""Extracts the wire facts of IAM, STS, DynamoDB and S3 from an installed botocore into tools/facts,
and the signing name and protocol of every service.

Run by hand when the pinned version moves; everything after it is Rust:

    pip install botocore==1.44.5 && python3 tools/extract_models.py && cargo run -p bowline-generate

Only facts are kept: operations, members in their order, types, constraints and error codes. No prose.
"""

import gzip
import json
import pathlib

import botocore

SERVICES = {"iam": "2010-05-08", "sts": "2011-06-15", "dynamodb": "2012-08-10", "dynamodbstreams": "2012-08-10"}
# What a request names the service by: the XML namespace of the query protocol, or what stands before the dot of `X-Amz-Target`.
NAMES = {"namespace": "xmlNamespace", "target": "targetPrefix"}
CONSTRAINTS = ("min", "max", "pattern", "enum", "sensitive")
HERE = pathlib.Path(__file__).parent


def shape_facts(shape):
    facts = {"type": shape["type"]}
    facts |= {key: shape[key] for key in CONSTRAINTS if key in shape}
    if shape["type"] == "structure":
        required = set(shape.get("required", ()))
        facts["members"] = [
            {"name": name, "shape": member["shape"]} | ({"required": True} if name in required else {})
            for name, member in shape["members"].items()
        ]
        for member in shape["members"].values():
            assert "locationName" not in member, "a renamed member needs support in the generator"
    for key in ("member", "key", "value"):
        if key in shape:
            facts[key] = shape[key]["shape"]
    return facts


def reachable(shapes, start, seen):
    if start in seen:
        return
    seen.add(start)
    shape = shapes[start]
    for member in shape.get("members", {}).values():
        reachable(shapes, member["shape"], seen)
    for key in ("member", "key", "value"):
        if key in shape:
            reachable(shapes, shape[key]["shape"], seen)


def read(service, version):
    folder = pathlib.Path(botocore.__file__).parent / "data" / service / version
    return json.loads(gzip.decompress((folder / "service-2.json.gz").read_bytes()))


def source():
    return {"name": "botocore", "version": botocore.__version__, "license": "Apache-2.0"}


def s3_parameter(shapes, member):
    """A header or query parameter: its name on the wire, its type, and its values if they are few."""
    shape = shapes[member["shape"]]
    facts = {"in": member["location"], "name": member["locationName"], "type": shape["type"]}
    return facts | ({"enum": shape["enum"]} if "enum" in shape else {})


def s3_facts(version):
    model = read("s3", version)
    shapes, operations = model["shapes"], {}
    for name, operation in sorted(model["operations"].items()):
        members = shapes[operation["input"]["shape"]].get("members", {}) if "input" in operation else {}
        parameters = [member for member in members.values() if member.get("location") in ("header", "querystring")]
        operations[name] = [s3_parameter(shapes, member) for member in parameters]
    return {"source": source(), "version": model["metadata"]["apiVersion"], "operations": operations}


def facts(service, version):
    model = read(service, version)
    operations, used = {}, set()
    for name, operation in sorted(model["operations"].items()):
        entry = {key: operation[key]["shape"] for key in ("input", "output") if key in operation}
        for shape in entry.values():
            reachable(model["shapes"], shape, used)
        codes = [model["shapes"][error["shape"]].get("error", {}).get("code", error["shape"]) for error in operation.get("errors", ())]
        operations[name] = entry | {"errors": codes}
    return {
        "source": source(),
        "version": model["metadata"]["apiVersion"],
    } | {key: model["metadata"][name] for key, name in NAMES.items() if name in model["metadata"]} | {
        "operations": operations,
        "shapes": {name: shape_facts(model["shapes"][name]) for name in sorted(used)},
    }


def write(service, facts):
    text = json.dumps(facts, indent=1, ensure_ascii=True)
    (HERE / "facts" / f"{service}.json").write_text(text + "\n")


def services():
    """The signing name, protocol and id of every service: ids name the variables AWS_ENDPOINT_URL_*."""
    found = set()
    for folder in (pathlib.Path(botocore.__file__).parent / "data").iterdir():
        models = sorted(folder.glob("*/service-2.json.gz"))
        if models:
            metadata = json.loads(gzip.decompress(models[-1].read_bytes()))["metadata"]
            signing = metadata.get("signingName", metadata["endpointPrefix"])
            found.add((signing, metadata["protocol"], metadata["serviceId"]))
    return sorted(found)


rows = ",\n".join(json.dumps(row) for row in services())
(HERE / "facts" / "services.json").write_text(f"[\n{rows}\n]\n")
for service, version in SERVICES.items():
    write(service, facts(service, version))
write("s3", s3_facts("2006-03-01"))
