"""Templates: the only module that knows Jinja. A template of the same name beside the plan comes first."""

from collections.abc import Mapping
from pathlib import Path
from traceback import extract_tb
from typing import Any

from ..core.errors import PlanError

BUILT_IN = Path(__file__).parent.parent / "templates"
IN_CHECKOUT = Path(__file__).parents[3] / "templates"
"""Where the templates are when the package is installed from a checkout, editable."""


def render(
    name: str, values: Mapping[str, Any], beside: Path | None = None, marks: tuple[str, str] = ("{{", "}}")
) -> str:
    """The text of template `name` filled with `values`; an unknown name in it is a PlanError, never empty text.

    `marks` stand around what is filled in, for templates of texts in which braces are a language's own.
    """
    from jinja2 import FileSystemLoader, StrictUndefined, TemplateError
    from jinja2.sandbox import SandboxedEnvironment

    environment = SandboxedEnvironment(
        loader=FileSystemLoader(_places(beside)),
        undefined=StrictUndefined,
        variable_start_string=marks[0],
        variable_end_string=marks[1],
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    try:
        return environment.get_template(name).render(values)
    except TemplateError as error:
        lines = [frame.lineno for frame in extract_tb(error.__traceback__) if frame.filename.endswith(name)]
        line = getattr(error, "lineno", None) or next(reversed(lines), None)
        where = f"templates/{name}" + (f":{line}" if line else "")
        raise PlanError(f"{where}: {error}", "compare it with the template that staddle brings") from None


def templates(folder: str, beside: Path | None) -> list[str]:
    """The templates in a folder of templates, by name; those beside the plan, if there are any, instead of ours."""
    found = (sorted((place / folder).glob("*.j2")) for place in _places(beside))
    return [f"{folder}/{path.name}" for path in next(paths for paths in found if paths)]


def _places(beside: Path | None) -> list[Path]:
    places = (beside and beside / "templates", BUILT_IN, IN_CHECKOUT)
    return [place for place in places if place and place.is_dir()]
