"""A document read by its types: plain data, and every fault where the two do not fit.

A place that does not fit is refused and reading goes on, so that one look at a file finds all that
is wrong with it.
"""

import re

from msgspec import inspect

from .document import Broken, Mapping, Node, Path, Scalar, Sequence
from .draft import Draft
from .model import Check, Command
from .names import did_you_mean, quoted

_EMPTY = "is empty; it needs at least one entry"
_WORD = inspect.StrType()
_SHAPES = {Scalar: "text", Sequence: "a list", Mapping: "a mapping"}
_NEEDED: dict[type[inspect.Type], str] = {
    inspect.StructType: "a mapping",
    inspect.DictType: "a mapping",
    inspect.VarTupleType: "a list",
}


def read_node(draft: Draft, node: Node, kind: inspect.Type, path: Path = ()) -> object:
    """The plain data in `node`, for msgspec to build a `kind` of; complete when `draft` refused nothing."""
    kind, form = _bare(kind)
    match kind, node:
        case _, Broken():
            return None
        case _, Scalar(text="" | "~" | "null" | "Null" | "NULL", plain=True):
            draft.refuse(node.line, path, "has no value; give it one or take its line out")
            return None
        case inspect.StructType(cls=cls), _ if cls is Command:
            return _command(draft, node, path)
        case inspect.StructType(cls=cls), _ if cls is Check and not _is_long_check(node):
            return {"run": _command(draft, node, path)}
        case inspect.StructType() as struct, Mapping() as mapping:
            return _struct(draft, mapping, struct, path)
        case inspect.DictType() as table, Mapping() as mapping:
            return _table(draft, mapping, table, path)
        case inspect.VarTupleType() as array, Sequence() as sequence:
            return _list(draft, sequence, array.item_type, path, array.min_length)
        case ((inspect.StrType() | inspect.IntType() | inspect.LiteralType()), Scalar() as scalar):
            return _scalar(draft, scalar, kind, path, form)
    needed = _NEEDED.get(type(kind), "text")
    advice = "; text that begins with { or [ needs quotes" if needed == "text" else ""
    draft.refuse(node.line, path, f"{needed} is needed here, not {_SHAPES[type(node)]}{advice}")
    return None


def _bare(kind: inspect.Type) -> tuple[inspect.Type, str]:
    """The type inside its annotations and options, and the form its title puts in words."""
    form = ""
    while True:
        match kind:
            case inspect.Metadata(type=kind, extra_json_schema=extra):
                form = (extra or {}).get("title", form)
            case inspect.UnionType(types=(kind, inspect.NoneType())):
                pass
            case _:
                return kind, form


def _struct(draft: Draft, node: Mapping, kind: inspect.StructType, path: Path) -> dict[str, object]:
    fields = {field.encode_name: field for field in kind.fields}
    values: dict[str, object] = {}
    for key, value in node.pairs:
        if field := fields.get(key.text):
            values[key.text] = read_node(draft, value, field.type, (*path, key.text))
        else:
            draft.refuse(key.line, path, f"unknown key {quoted(key.text)}{did_you_mean(key.text, fields)}")
    for name, field in fields.items():
        if field.required and name not in values:
            draft.refuse(node.line, path, f"{name!r} is missing")
    draft.keep(node.line, path, values)
    return values


def _table(draft: Draft, node: Mapping, kind: inspect.DictType, path: Path) -> dict[str, object]:
    key_kind, form = _bare(kind.key_type)
    values: dict[str, object] = {}
    for key, value in node.pairs:
        if _understood(key, key_kind) is None:
            draft.refuse(key.line, path, f"{quoted(key.text)} {_complaint(key, key_kind, form)}")
        values[key.text] = read_node(draft, value, kind.value_type, (*path, key.text))
    if kind.min_length and not values:
        draft.refuse(node.line, path, _EMPTY)
    draft.keep(node.line, path, values)
    return values


def _list(draft: Draft, node: Sequence, kind: inspect.Type, path: Path, min_length: int | None) -> list[object]:
    if min_length and not node.items:
        draft.refuse(node.line, path, _EMPTY)
    return [read_node(draft, item, kind, (*path, position)) for position, item in enumerate(node.items)]


def _scalar(draft: Draft, node: Scalar, kind: inspect.Type, path: Path, form: str) -> object:
    value = _understood(node, kind)
    if value is None:
        draft.refuse(node.line, path, f"{quoted(node.text)} {_complaint(node, kind, form)}")
        return None
    draft.keep(node.line, path, value)
    return value


def _complaint(node: Scalar, kind: inspect.Type, form: str) -> str:
    match kind:
        case inspect.StrType(max_length=int(longest)) if len(node.text) > longest:
            return f"has {len(node.text)} characters, more than {longest}"
        case inspect.LiteralType(values=choices) if not form:
            words = [str(choice) for choice in choices]
            return f"is not one of {', '.join(words)}{did_you_mean(node.text, words)}"
        case inspect.IntType() if not node.plain:
            return f"is not {form}; a number has no quotes"
    return f"is not {form}"


def _understood(node: Scalar, kind: inspect.Type) -> str | int | None:
    """The value that a text stands for, None when it is not of this kind."""
    match kind:
        case inspect.StrType(pattern=pattern, max_length=longest):
            fits = len(node.text) <= (longest or len(node.text)) and re.fullmatch(pattern or "(?s:.*)", node.text)
            return node.text if fits else None
        case inspect.IntType(ge=least, le=most):
            number = int(node.text) if node.plain and re.fullmatch("0|-?[1-9][0-9]{0,8}", node.text) else None
            inside = number is not None and (least is None or least <= number) and (most is None or number <= most)
            return number if inside else None
        case inspect.LiteralType(values=choices):
            return next((choice for choice in choices if node.text == str(choice)), None)
    raise TypeError(f"no text stands for a {kind}")


def _is_long_check(node: Node) -> bool:
    return isinstance(node, Mapping) and all(key.text != "shell" for key, _ in node.pairs)


def _command(draft: Draft, node: Node, path: Path) -> dict[str, object] | None:
    try:
        match node:
            case Scalar(text=text):
                command = Command.split(text)
            case Sequence():
                command = Command.of([str(word) for word in _list(draft, node, _WORD, path, None)])
            case Mapping(pairs=((Scalar(text="shell"), Scalar(text=text)),)):
                command = Command.shell(text)
            case _:
                raise ValueError("a command is text, a list of words, or `shell:` with text and nothing else")
    except ValueError as error:
        draft.refuse(node.line, path, str(error))
        return None
    draft.keep(node.line, path, command)
    return {"argv": command.argv}
