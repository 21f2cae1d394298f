"""Compiles proto/ into src/segsvc/v1 before a build, so that generated code is never committed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ModuleNotFoundError:  # run as a script, by `make proto`
    BuildHookInterface = dict


class CompileProtos(BuildHookInterface[Any]):
    """`make proto` and every build run this."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        compile_protos(Path(self.root))


def compile_protos(root: Path) -> None:
    """Write Python modules and type stubs for every file in *root*/proto."""
    from grpc_tools import protoc

    sources = sorted((root / "proto").rglob("*.proto"))
    out = root / "src"
    arguments = [
        "protoc",
        f"-I{root / 'proto'}",
        f"-I{Path(protoc.__file__).parent / '_proto'}",
        f"--python_out={out}",
        f"--pyi_out={out}",
        f"--grpc_python_out={out}",
        *map(str, sources),
    ]
    if protoc.main(arguments):
        raise RuntimeError("protoc failed; see its messages above")
    (out / "segsvc" / "v1" / "__init__.py").write_text('"""Generated from proto/segsvc/v1."""\n')


if __name__ == "__main__":
    compile_protos(Path(__file__).parent)
