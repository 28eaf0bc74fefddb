"""Lays out a mirror with the stand-in providers: `mirror.py INFRA CACHE`. Only the types that INFRA names are in it."""

import hashlib
import pathlib
import platform
import re
import shutil
import sys

import schema
from tf.gen import tfplugin_pb2 as pb

PROVIDERS = {"aws": "hashicorp/aws", "azurerm": "hashicorp/azurerm", "google": "hashicorp/google"}
VERSION = re.compile(r"registry\.terraform\.io/providers/[\w-]+/[\w-]+/([\d.]+)/docs")
USED = re.compile(r'^\s*(resource|data|mock_resource|mock_data|override_resource)\s+"(\w+)"', re.M)
HERE = pathlib.Path(__file__).resolve().parent


def used(infra):
    """What the files speak of, with the tests' own files."""
    for file in sorted(infra.rglob("*.tf")) + sorted(infra.rglob("*.hcl")):
        for word, name in USED.findall(file.read_text()):
            yield ("data" if word.endswith("data") else "resource"), name


def main(infra, cache):
    wanted = sorted(set(used(infra)))
    for provider, address in PROVIDERS.items():
        own = [(kind, name) for kind, name in wanted if name.startswith(provider + "_")]
        wheel = next((cache / "wheels").glob(f"cdktn_provider_{provider}-*.whl"))
        texts = [wheel.name, *map(str, own), *(file.read_text() for file in sorted(HERE.glob("*.py")))]
        digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]
        done = cache / f"{provider}.done"
        if done.exists() and done.read_text() == digest:
            continue
        place(provider, address, wheel, own, cache)
        done.write_text(digest)
    mirror = cache / "mirror"
    (cache / "terraformrc").write_text(
        f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n'
    )


def place(provider, address, wheel, own, cache):
    response, version = pb.GetProviderSchema.Response(), None
    for source in schema.read(wheel, own):
        version = version or VERSION.search(source.text)[1]
        if source.kind == "TerraformProvider":
            response.provider.CopyFrom(source.schema())
        elif source.kind == "TerraformDataSource":
            response.data_source_schemas[source.type_name].CopyFrom(source.schema())
        else:
            response.resource_schemas[source.type_name].CopyFrom(source.schema())
    known = set(response.resource_schemas) | set(response.data_source_schemas)
    print(f"{address} {version}: {len(known)} types", file=sys.stderr)
    for missing in sorted(name for _, name in own if name not in known):
        print(f"  {missing}: the provider has no such type", file=sys.stderr)
    file = cache / f"{provider}.schema"
    file.write_bytes(response.SerializeToString())
    system = f"{platform.system().lower()}_{'arm64' if platform.machine() in ('arm64', 'aarch64') else 'amd64'}"
    program = cache / "mirror/registry.terraform.io" / address / version / system / f"terraform-provider-{provider}_v{version}"
    program.parent.mkdir(parents=True, exist_ok=True)
    # Beside what it reads: the clone that it comes from may go.
    shutil.copy(HERE / "provider.py", cache)
    program.write_text(f'#!/bin/sh\nexec "{cache}/python/bin/python3" "{cache}/provider.py" "{file}" "$@"\n')
    program.chmod(0o755)


if __name__ == "__main__":
    main(*map(pathlib.Path, sys.argv[1:]))
