"""`make docs`: writes the JSON Schemas that the shipped files name, from the models that read those files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

from alerts.channels import KINDS
from alerts.cli.file_schemas import SchemaName, file_schema

FOLDER = Path(__file__).parents[1] / "config" / "schemas"


def made() -> dict[Path, str]:
    """Return what each file should have."""
    names: tuple[SchemaName, ...] = get_args(SchemaName)
    return {
        FOLDER / f"{name}.schema.json": json.dumps(file_schema(name, KINDS), indent=1, ensure_ascii=False) + "\n"
        for name in names
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for path, text in made().items():
        path.write_text(text, encoding="utf-8")
