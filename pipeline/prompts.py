"""Prompts: one Jinja2 file per language, with a YAML front matter that names it, its version and its inputs.

``X.j2`` is Chinese, ``X.en.j2`` beside it says the same in English. A prompt that declares other inputs than its body
uses does not load; a value that is missing at rendering raises. The sha256 of what was used is stored with every
completion.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from jinja2 import Environment, StrictUndefined, Template, TemplateError, meta

from pipeline.errors import SettingsError
from pipeline.lang import Lang, Text, language

_HERE = Path(__file__).resolve().parent
SHIPPED = next(p for p in (_HERE / "_prompts", _HERE.parent / "prompts") if p.is_dir())
"""In a wheel the prompts lie inside the package; in a checkout beside it."""
_SUFFIX: dict[Lang, str] = {"zh": ".j2", "en": ".en.j2"}

_environment = Environment(undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True)


@dataclass(frozen=True, slots=True)
class Prompt:
    """A loaded prompt. ``label`` is ``contract/money@1``; ``sha256`` is of the file as it stands."""

    name: str
    version: int
    inputs: frozenset[str]
    sha256: str
    _template: Template

    @property
    def label(self) -> str:
        return f"{self.name}@{self.version}"

    def render(self, **values: object) -> str:
        if values.keys() != self.inputs:
            raise TypeError(f"prompt {self.label} takes {sorted(self.inputs)}, got {sorted(values)}")
        return self._template.render(**values).strip()


def load_prompt(name: str, folder: Path = SHIPPED) -> Prompt:
    """Load ``name`` (such as ``contract/money``) in the current language from ``folder``, else as shipped.

    Raises SettingsError for a file that is missing or whose front matter and body disagree.
    """
    return _load(name, language(), folder)


@cache
def _load(name: str, lang: Lang, folder: Path) -> Prompt:
    file = name + _SUFFIX[lang]
    path = folder / file
    if not path.is_file():
        path = SHIPPED / file
    try:
        source = path.read_text(encoding="utf-8")
        _, front, body = source.split("---\n", 2)
        head = yaml.safe_load(front)
        declared = frozenset(head["inputs"])
        used = frozenset[str](meta.find_undeclared_variables(_environment.parse(body)))
        if head["name"] != name or declared != used:
            raise ValueError(f"declares {head['name']} with {sorted(declared)}, uses {sorted(used)}")
        template = _environment.from_string(body)
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError, TemplateError) as error:
        raise SettingsError(
            Text(f"提示词文件 {path} 不可用：{error}", f"prompt file {path} can't be used: {error}"),
            Text("请恢复原文件或改正它的开头与变量", "restore the file, or correct its front matter and inputs"),
        ) from error
    digest = hashlib.sha256(source.encode()).hexdigest()
    return Prompt(name, int(head["version"]), declared, digest, template)
