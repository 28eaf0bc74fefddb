"""A stand-in for a Terraform provider, for machines that reach only package registries.

It has the real provider's schema, so that `validate`, `plan` and `test` refuse what the real one would refuse by its
schema. `apply` makes nothing: what it is asked for is a file in `WAYFARE_STAND_IN_CLOUD`, which `refresh` and `destroy`
read again. It knows no defaults, no allowed values and no quota.
"""

import json
import os
import pathlib
import sys
import uuid

import msgpack
import tf.provider
from tf.gen import tfplugin_pb2 as pb
from tf.gen import tfplugin_pb2_grpc as rpc
from tf.runner import run_provider

UNKNOWN = msgpack.ExtType(0, b"\x00")
ACCOUNT = os.environ.get("WAYFARE_STAND_IN_ACCOUNT", "000000000000")


def decoded(value):
    return msgpack.unpackb(value.msgpack, strict_map_key=False) if value.msgpack else json.loads(value.json or b"null")


def encoded(value):
    return pb.DynamicValue(msgpack=msgpack.packb(value))


def failed(summary, detail):
    return [pb.Diagnostic(severity=pb.Diagnostic.ERROR, summary=summary, detail=detail)]


class Cloud:
    """What was made, one file each. Without a folder nothing is kept."""

    def __init__(self):
        folder = os.environ.get("WAYFARE_STAND_IN_CLOUD")
        self.folder = pathlib.Path(folder) if folder else None

    def file(self, kind, state):
        name = str((state or {}).get("id") or (state or {}).get("arn") or "none").replace("/", "_").replace(":", "_")
        return self.folder / f"{kind}.{name}.json" if self.folder else None

    def keep(self, kind, state):
        if self.folder:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.file(kind, state).write_text(json.dumps(state))

    def find(self, kind, state):
        file = self.file(kind, state)
        if not file:
            return state
        return json.loads(file.read_text()) if file.exists() else None

    def forget(self, kind, state):
        file = self.file(kind, state)
        # What is left out on purpose is what a test wants to see named.
        if file and kind != os.environ.get("WAYFARE_STAND_IN_KEEPS"):
            file.unlink(missing_ok=True)

    def tagged(self, filters):
        for file in sorted(self.folder.glob("*.json")) if self.folder and self.folder.exists() else []:
            state = json.loads(file.read_text())
            tags = {**(state.get("tags") or {}), **(state.get("tags_all") or {})}
            if all(tags.get(one["key"]) in one["values"] for one in filters):
                yield {"resource_arn": state.get("arn") or file.stem, "tags": tags, "compliance_details": []}


class Servicer(rpc.ProviderServicer):
    def __init__(self, schemas):
        self.schemas, self.cloud, self.tags = schemas, Cloud(), {}

    def GetMetadata(self, request, context):
        return pb.GetMetadata.Response(server_capabilities=pb.ServerCapabilities(plan_destroy=False))

    def GetProviderSchema(self, request, context):
        return self.schemas

    def ValidateProviderConfig(self, request, context):
        return pb.ValidateProviderConfig.Response()

    def ValidateResourceConfig(self, request, context):
        return pb.ValidateResourceConfig.Response()

    def ValidateDataResourceConfig(self, request, context):
        return pb.ValidateDataResourceConfig.Response()

    def ConfigureProvider(self, request, context):
        config = decoded(request.config) or {}
        allowed = config.get("allowed_account_ids") or []
        for block in config.get("default_tags") or []:
            self.tags.update(block.get("tags") or {})
        refused = os.environ.get("WAYFARE_STAND_IN_REFUSES")
        if refused == "credentials":
            return pb.ConfigureProvider.Response(
                diagnostics=failed("No valid credential sources found", "no credentials were given to the stand-in")
            )
        if allowed and ACCOUNT not in allowed:
            return pb.ConfigureProvider.Response(diagnostics=failed("AWS account ID not allowed: " + ACCOUNT, ""))
        return pb.ConfigureProvider.Response()

    def UpgradeResourceState(self, request, context):
        return pb.UpgradeResourceState.Response(upgraded_state=pb.DynamicValue(json=request.raw_state.json))

    def ReadResource(self, request, context):
        state = self.cloud.find(request.type_name, decoded(request.current_state))
        return pb.ReadResource.Response(new_state=encoded(state))

    def PlanResourceChange(self, request, context):
        prior, planned = decoded(request.prior_state), decoded(request.proposed_new_state)
        if planned is None:
            return pb.PlanResourceChange.Response(planned_state=request.proposed_new_state)
        block = self.schemas.resource_schemas[request.type_name].block
        if prior is None:
            planned = unknown(block, planned)
        if "tags_all" in planned and prior is None:
            planned["tags_all"] = UNKNOWN
        return pb.PlanResourceChange.Response(planned_state=encoded(planned))

    def ApplyResourceChange(self, request, context):
        prior, planned = decoded(request.prior_state), decoded(request.planned_state)
        if planned is None:
            self.cloud.forget(request.type_name, prior)
            return pb.ApplyResourceChange.Response(new_state=encoded(None))
        block = self.schemas.resource_schemas[request.type_name].block
        state = known(block, planned, f"{request.type_name}-{uuid.uuid4().hex[:8]}")
        if "tags_all" in state and prior is None:
            state["tags_all"] = {**self.tags, **(state.get("tags") or {})}
        self.cloud.keep(request.type_name, state)
        return pb.ApplyResourceChange.Response(new_state=encoded(state))

    def ReadDataSource(self, request, context):
        config = decoded(request.config)
        block = self.schemas.data_source_schemas[request.type_name].block
        state = known(block, unknown(block, config), request.type_name)
        if request.type_name == "aws_caller_identity":
            state["account_id"] = ACCOUNT
        if request.type_name == "aws_resourcegroupstaggingapi_resources":
            state["resource_tag_mapping_list"] = list(self.cloud.tagged(config.get("tag_filter") or []))
        if request.type_name == "aws_servicequotas_service_quota":
            state["value"] = float(os.environ.get("WAYFARE_STAND_IN_QUOTA", 1000))
        return pb.ReadDataSource.Response(state=encoded(state))

    def StopProvider(self, request, context):
        return pb.StopProvider.Response()


def unknown(block, value):
    """What the provider would fill in isn't known before it has."""
    for attribute in block.attributes:
        if attribute.computed and value.get(attribute.name) is None:
            value[attribute.name] = UNKNOWN
    for nested in block.block_types:
        each_inside(nested, value, unknown)
    return value


def known(block, value, name):
    """Made up, but of the right type: an id is a name, a list is empty."""
    for attribute in block.attributes:
        if value.get(attribute.name) == UNKNOWN:
            value[attribute.name] = made_up(attribute, name)
    for nested in block.block_types:
        each_inside(nested, value, lambda inner, each: known(inner, each, name))
    return value


def each_inside(nested, value, change):
    inside = value.get(nested.type_name)
    if isinstance(inside, dict) and nested.nesting == pb.Schema.NestedBlock.SINGLE:
        change(nested.block, inside)
    for each in inside.values() if isinstance(inside, dict) and nested.nesting == pb.Schema.NestedBlock.MAP else []:
        change(nested.block, each)
    for each in inside if isinstance(inside, list) else []:
        change(nested.block, each)


def made_up(attribute, name):
    if not attribute.type:
        return None
    kind = json.loads(attribute.type)
    if attribute.name == "arn":
        return f"arn:aws:stand-in:::{name}"
    if kind == "string":
        return name if attribute.name == "id" else f"{name}-{attribute.name}"
    if kind in ("number", "bool"):
        return 0 if kind == "number" else False
    if kind[0] in ("list", "set"):
        # A reference to the first of them is a usual way to read a computed block.
        return [empty(kind[1], name)] if kind[0] == "list" and isinstance(kind[1], list) else []
    return {} if kind[0] == "map" else None


def empty(kind, name):
    if isinstance(kind, list) and kind[0] == "object":
        return {key: empty(inner, name) for key, inner in kind[1].items()}
    if isinstance(kind, list):
        return [empty(kind[1], name)] if kind[0] == "list" and isinstance(kind[1], list) else ([] if kind[0] != "map" else {})
    return {"string": name, "number": 0, "bool": False}.get(kind)


if __name__ == "__main__":
    schemas = pb.GetProviderSchema.Response()
    schemas.ParseFromString(pathlib.Path(sys.argv[1]).read_bytes())
    # Its framework builds a schema from classes, one for each type: this one is ready.
    tf.provider.ProviderServicer = lambda _: Servicer(schemas)
    run_provider(None, sys.argv[1:])
