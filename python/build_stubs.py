"""Makes the generated half of the client while the wheel is built: the messages, and a typed class for each service."""

from __future__ import annotations

import importlib.resources
import re
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_HERE = Path(__file__).parent

_HEAD = '''"""A class for each service of aval.v1, made from the .proto files while the package is built."""

from __future__ import annotations

from collections.abc import Iterator

from aval.calls import Service
from aval.v1 import {modules}
'''

_UNARY = '''
    def {snake}(self, request: {request}, *, timeout: float | None = None) -> {response}:
        """{doc}"""
        return self._call("{path}", request, {response}, timeout)
'''

_STREAM = '''
    def {snake}(self, request: {request}, *, timeout: float | None = None) -> Iterator[{response}]:
        """{doc}"""
        return self._stream("{path}", request, {response}, timeout)
'''


class StubsHook(BuildHookInterface[Any]):
    """Called by hatchling."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Generates into a folder of its own and has it taken into the wheel."""
        protos = next(path for path in (_HERE / "proto", _HERE.parent / "proto") if path.is_dir())
        self.made = tempfile.TemporaryDirectory()
        for path in generate(protos, Path(self.made.name)):
            build_data["force_include"][str(path)] = str(path.relative_to(self.made.name))


def generate(protos: Path, out: Path) -> list[Path]:
    """Writes `aval/v1/*_pb2.py`, their types and `aval/v1/services.py` under `out`."""
    from google.protobuf.descriptor_pb2 import FileDescriptorSet
    from grpc_tools import protoc

    files = sorted(str(path.relative_to(protos)) for path in protos.glob("aval/v1/*.proto"))
    known = importlib.resources.files("grpc_tools") / "_proto"
    described = out / "described"
    flags = [f"--proto_path={protos}", f"--proto_path={known}", f"--python_out={out}", f"--pyi_out={out}"]
    flags += [f"--descriptor_set_out={described}", "--include_source_info"]
    if protoc.main(["protoc", *flags, *files]) != 0:
        raise RuntimeError("the .proto files cannot be compiled")
    folder = out / "aval" / "v1"
    (folder / "__init__.py").write_text('"""The messages of aval.v1, made from the .proto files."""\n')
    services = _services(FileDescriptorSet.FromString(described.read_bytes()))
    (folder / "services.py").write_text(services)
    return sorted(folder.iterdir())


def _services(described: Any) -> str:
    home = {
        f".{file.package}.{message.name}": _module(file.name)
        for file in described.file
        for message in file.message_type
    }
    body = ""
    for file in described.file:
        docs = {tuple(place.path): place.leading_comments for place in file.source_code_info.location}
        for at, service in enumerate(file.service):
            body += f'\n\nclass {service.name}(Service):\n    """{_doc(docs.get((6, at), service.name))}"""\n'
            for number, method in enumerate(service.method):
                template = _STREAM if method.server_streaming else _UNARY
                body += template.format(
                    snake=re.sub(r"(?<!^)(?=[A-Z])", "_", method.name).lower(),
                    request=_type(home, method.input_type),
                    response=_type(home, method.output_type),
                    path=f"/{file.package}.{service.name}/{method.name}",
                    doc=_doc(docs.get((6, at, 2, number), method.name)),
                )
    modules = sorted(module for module in set(home.values()) if f"{module}." in body)
    return _HEAD.format(modules=", ".join(modules)) + body


def _module(file: str) -> str:
    return Path(file).stem + "_pb2"


def _type(home: dict[str, str], name: str) -> str:
    return f"{home[name]}.{name.rsplit('.', 1)[-1]}"


def _doc(comment: str) -> str:
    return " ".join(comment.replace("\\", "").replace('"', "'").split())
