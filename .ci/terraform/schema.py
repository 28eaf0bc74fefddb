"""The schema of a Terraform provider, read from the CDK for Terraform's package of it.

That package is generated from the provider's own schema, and its source says of each attribute whether it is required,
optional or computed. Not in it, and so not checked: allowed values, conflicts, which change replaces a resource, and the
blocks of a firewall rule's statement.
"""

import base64
import json
import re
import tarfile
import zipfile
from dataclasses import dataclass, field

from tf.gen import tfplugin_pb2 as pb

CLASS = re.compile(r"^export class (\w+) extends cdktn\.(\w+)", re.M)
MEMBER = re.compile(r"^  // (\w+) - computed: (\w+), optional: (\w+), required: (\w+)\n", re.M)
INTERFACE = re.compile(r"^export interface (\w+)[^{]*\{(.*?)^\}", re.M | re.S)
BLOCK = re.compile(r"^\s*\* (\w+) block$", re.M)
PROPERTY = re.compile(r"#(\w+) \w+#\w+\}(?:(?!\*/).)*\*/\n\s+readonly \w+(\?)?: ([^;\n]+?)(?:;|$)", re.M | re.S)
TYPE_NAME = re.compile(r'static readonly tfResourceType = "(\w+)"')
NESTED = re.compile(r'= new (?:cdktn\.)?(\w+?)(List|Map|OutputReference)\(this, "\w+"(?:, (true|false))?\)')
SIMPLE = {"String": "string", "Number": "number", "Boolean": "bool"}


@dataclass
class Member:
    name: str
    computed: bool
    optional: bool
    required: bool
    type: object = "string"
    # The class of what is nested in it, and how: list, set, map, single.
    nested: str | None = None
    nesting: str | None = None
    most: int = 0


@dataclass
class Source:
    """One file of the package: a resource or a data source with its nested objects."""

    text: str
    members: dict = field(default_factory=dict)
    blocks: set = field(default_factory=set)

    def __post_init__(self):
        for name, body in INTERFACE.findall(self.text):
            self.blocks |= {(name, block) for block in BLOCK.findall(body)}
            # The provider's own blocks are only written, never read: they have an interface and no class.
            self.members[name + "OutputReference"] = [self.declared(*each) for each in PROPERTY.findall(body)]
        starts = list(CLASS.finditer(self.text))
        ends = [start.start() for start in starts[1:]] + [len(self.text)]
        for start, end in zip(starts, ends):
            self.members[start[1]] = list(self.read(self.text[start.end() : end]))
            if start[2] in ("TerraformResource", "TerraformDataSource", "TerraformProvider"):
                self.root, self.kind = start[1], start[2]
                if self.kind == "TerraformProvider":
                    self.members[start[1]] = self.members[start[1] + "ConfigOutputReference"]
                self.type_name = TYPE_NAME.search(self.text, start.end())[1]

    def read(self, body):
        found = list(MEMBER.finditer(body))
        ends = [member.start() for member in found[1:]] + [len(body)]
        for member, end in zip(found, ends):
            name, computed, optional, required = member.groups()
            flags = [word == "true" for word in (computed, optional, required)]
            yield self.typed(Member(name, *flags), body[member.end() : end])

    def declared(self, name, may_lack, written):
        member = Member(name, False, bool(may_lack), not may_lack)
        plain = written.replace(" | cdktn.IResolvable", "").strip("()")
        inside = plain.removesuffix("[]")
        simple = {"string": "string", "number": "number", "boolean": "bool", "any": "dynamic"}.get(inside)
        if inside.startswith("{"):
            member.type = ["map", "string"]
        elif simple:
            member.type = ["list", simple] if plain.endswith("[]") else simple
        else:
            member.nested, member.nesting = inside, "list" if plain.endswith("[]") else "single"
        return member

    def typed(self, member, code):
        nested = NESTED.search(code)
        if nested and not (nested[1] in SIMPLE or nested[1] == "Any"):
            shape, is_set = nested[2], nested[3] == "true"
            member.nested = nested[1]
            member.nesting = {"Map": "map", "OutputReference": "single"}.get(shape, "set" if is_set else "list")
            # The same class stands for one object and for a list of at most one: what it is written as tells.
            written = re.search(rf'^\s+{member.name}: \{{\n.*\n\s+isBlock: true,\n\s+type: "(\w+)"', self.text, re.M)
            if shape == "OutputReference" and written and written[1] in ("list", "set"):
                member.nesting, member.most = written[1], 1
            return member
        if nested:
            kind = SIMPLE.get(nested[1], "dynamic")
            member.type = ["map", kind] if nested[2] == "Map" else ["list", kind]
            if nested[2] == "List" and "MapList" in code:
                member.type = ["list", ["map", kind]]
            return member
        asked = re.search(r"this\.get(\w+?)Attribute\(", code)
        if not asked:
            member.type = "dynamic"
        elif asked[1].endswith("Map"):
            member.type = ["map", SIMPLE.get(asked[1][:-3], "string")]
        elif asked[1].endswith("List"):
            element = "number" if "number[]" in code or asked[1].startswith("Number") else "string"
            member.type = ["set" if "tolist" in code else "list", element]
        else:
            member.type = SIMPLE[asked[1]]
        return member

    def schema(self):
        return pb.Schema(version=0, block=self.block(self.root, self.root + "Config"))

    def block(self, cls, interface):
        block = pb.Schema.Block()
        for member in self.members.get(cls, []):
            if (interface, member.name) in self.blocks and member.nested is None:
                # Too deep for the package, so it has `any`: the firewall's statements, written as JSON instead.
                continue
            if (interface, member.name) in self.blocks:
                block.block_types.append(self.nested_block(member))
            else:
                block.attributes.append(self.attribute(member))
        return block

    def nested_block(self, member):
        modes = pb.Schema.NestedBlock
        nesting = {"list": modes.LIST, "set": modes.SET, "map": modes.MAP, "single": modes.SINGLE}[member.nesting]
        return pb.Schema.NestedBlock(
            type_name=member.name,
            block=self.block(member.nested + "OutputReference", member.nested),
            nesting=nesting,
            min_items=1 if member.required and member.nesting in ("list", "set") else 0,
            max_items=member.most,
        )

    def attribute(self, member):
        flags = dict(computed=member.computed, optional=member.optional, required=member.required)
        if member.nested is None:
            return pb.Schema.Attribute(name=member.name, type=json.dumps(member.type).encode(), **flags)
        if not member.optional and not member.required:
            return pb.Schema.Attribute(name=member.name, type=json.dumps(self.object(member)).encode(), **flags)
        modes = pb.Schema.Object
        nesting = {"list": modes.LIST, "set": modes.SET, "map": modes.MAP, "single": modes.SINGLE}[member.nesting]
        inside = [self.attribute(each) for each in self.members.get(member.nested + "OutputReference", [])]
        return pb.Schema.Attribute(
            name=member.name, nested_type=pb.Schema.Object(attributes=inside, nesting=nesting), **flags
        )

    def object(self, member):
        inside = {}
        for each in self.members.get(member.nested + "OutputReference", []):
            inside[each.name] = each.type if each.nested is None else self.object(each)
        one = ["object", inside]
        return one if member.nesting == "single" else [member.nesting, one]


def original(script):
    """TypeScript as it was before it was compiled: the comments are only there."""
    mapped = re.search(r"sourceMappingURL=data:application/json;base64,(\S+)", script)
    return json.loads(base64.b64decode(mapped[1]))["sourcesContent"][0]


def read(wheel, wanted):
    """The sources of those types, by `resource aws_vpc` or `data aws_region`, and the provider's own."""
    with zipfile.ZipFile(wheel) as package:
        name = next(name for name in package.namelist() if name.endswith(".jsii.tgz"))
        with package.open(name) as inner, tarfile.open(fileobj=inner, mode="r|gz") as archive:
            yield from sources(archive, wanted)


def sources(archive, wanted):
    files = {f"package/lib/{folder(kind, name)}/index.js" for kind, name in wanted}
    files.add("package/lib/provider/index.js")
    for entry in archive:
        if entry.name in files:
            yield Source(original(archive.extractfile(entry).read().decode()))


def folder(kind, name):
    provider, _, rest = name.partition("_")
    rest = rest.replace("_", "-")
    return f"data-{provider}-{rest}" if kind == "data" else rest
